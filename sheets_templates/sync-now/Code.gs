/**
 * The menu "reconcile" in the sheet: start the job now, see what it would send, read what happened last.
 *
 * README.md beside this file says how to set it up. Without it nothing else is lost: the job runs by its schedule.
 *
 * Functions whose name ends in _ cannot be called from a menu or a dialog. Those above the line "The shell" are pure:
 * they take and return plain data. The token is read in one place (settings_), sent to one host (GITHUB), and never
 * written into a cell, a log, a text or a page.
 *
 * Whatever a person reads stands in one table per language at the end of this file; whoever words an answer is handed the
 * sheet's own (`say`).
 */

const GITHUB = 'https://api.github.com/repos/';
const API_VERSION = '2022-11-28';
const WORKFLOW = 'sync.yml';
const TIME_LIMIT_MINUTES = 15; // the workflow's timeout-minutes
const DEBOUNCE_SECONDS = 60;
const EXPIRY_WARNING_DAYS = 14;
const TAIL_ROWS = 20; // how far above the sheet's last row the last run is looked for

const MENU = 'reconcile';
const STARTED_KEY = 'reconcile.started';
const KEYS = {
  repository: 'RECONCILE_REPOSITORY',
  branch: 'RECONCILE_BRANCH',
  contact: 'RECONCILE_CONTACT',
  token: 'RECONCILE_GITHUB_TOKEN',
};

// --- Words --------------------------------------------------------------------------------------------------------------

/** `{name}` → values[name]; a name that is not in `values` is a mistake in a text and throws. */
function fill_(text, values) {
  return text.replace(/\{([a-zA-Z]+)\}/g, (whole, name) => {
    if (!Object.prototype.hasOwnProperty.call(values, name)) throw new Error('No value for ' + whole);
    return String(values[name]);
  });
}

/** 1234 → "1,234", "1234", "1.234" …, as the language groups its digits. */
function number_(number, say) {
  if (Math.abs(number) < say.numbers.from) return String(number);
  return String(number).replace(new RegExp('\\B(?=(\\d{' + say.numbers.size + '})*\\d{3}$)', 'g'), say.numbers.mark);
}

/** `forms`: [what stands with one, what stands with many], each with `{number}`. 1234 → "1,234 rows" */
function count_(number, forms, say) {
  const form = forms[say.numbers.singular.indexOf(number) < 0 ? 1 : 0];
  return fill_(form, { number: number_(number, say) });
}

/** Milliseconds → "3 minutes", from "less than a minute" to days, rounded down. */
function span_(ms, say = ENGLISH) {
  const minutes = Math.floor(ms / 60000);
  if (minutes < 1) return say.time.less;
  if (minutes < 60) return count_(minutes, say.time.minutes, say);
  if (minutes < 48 * 60) return count_(Math.floor(minutes / 60), say.time.hours, say);
  return count_(Math.floor(minutes / 60 / 24), say.time.days, say);
}

/** "3 minutes ago" from `then` to `now`, both in milliseconds. */
function ago_(then, now, say) {
  return fill_(say.time.ago, { span: isNaN(then) ? say.time.some : span_(Math.max(0, now - then), say) });
}

/** Text from outside as one line of at most 300 characters, without anything that is or looks like a token. */
function scrub_(text, token) {
  let clean = String(text === undefined || text === null ? '' : text);
  if (token) clean = clean.split(token).join('[hidden]');
  clean = clean.replace(/\b(github_pat_|gh[a-z]_)[A-Za-z0-9_]+/g, '[hidden]').replace(/\s+/g, ' ').trim();
  return clean.length > 300 ? clean.slice(0, 299) + '…' : clean;
}

function escape_(text) {
  return String(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}

/** What every text may name. */
function names_(settings, say = ENGLISH, wait) {
  return {
    who: settings.contact || say.nobody,
    menu: MENU,
    syncNow: say.menu.syncNow,
    setUp: say.menu.setUp,
    repository: settings.repository,
    branch: settings.branch,
    workflow: WORKFLOW,
    limit: TIME_LIMIT_MINUTES,
    page: page_(settings),
    wait: wait || say.time.few,
    runs: say.sheet.runs,
    sync: say.sheet.sync,
    unsure: say.sheet.unsure,
    problem: say.sheet.marks.problem,
    refused: say.sheet.marks.refused,
    held: say.sheet.marks.held,
    doubt: say.sheet.marks.doubt,
  };
}

/** A text with every name in it filled in; `more`: what else it names. */
function worded_(text, settings, say, more) {
  return fill_(text, Object.assign(names_(settings, say), more));
}

/** The workflow's page at GitHub, for people. */
function page_(settings) {
  return 'https://github.com/' + settings.repository + '/actions/workflows/' + WORKFLOW;
}

// --- Settings -----------------------------------------------------------------------------------------------------------

/** "owner/name" from that or from an address copied out of a browser or of git; "" when it is neither. */
function repository_(typed) {
  const text = String(typed || '').trim().replace(/^(https?:\/\/(www\.)?github\.com\/|git@github\.com:)/i, '');
  const parts = text.split(/[/?#]/);
  const owner = parts[0];
  const name = (parts[1] || '').replace(/\.git$/i, '');
  const good = /^[A-Za-z0-9][A-Za-z0-9_-]{0,98}$/.test(owner) && /^[A-Za-z0-9._-]{1,100}$/.test(name) && !/^\.+$/.test(name);
  return good ? owner + '/' + name : '';
}

/** A branch's name, "main" when nothing was typed, "" when git could not have one of that name. */
function branch_(typed) {
  const text = String(typed || '').trim().replace(/^refs\/heads\//, '') || 'main';
  return text.length <= 200 && !/[\s~^:?*[\\\u0000-\u001f\u007f]|\.\.|^[-/]|\/$/.test(text) ? text : '';
}

/**
 * What the form says → {problems: [key of say.problems], save: {property: value}, remove: [property]}. An empty token keeps
 * the stored one. `stored`: whether there is one.
 */
function checkForm_(form, stored) {
  const problems = [];
  const save = {};
  const remove = [];
  const repository = repository_(form.repository);
  const branch = branch_(form.branch);
  const contact = scrub_(form.contact, '').slice(0, 100);
  const token = String(form.token || '').trim();
  if (repository) save[KEYS.repository] = repository;
  else problems.push('repository');
  if (branch) save[KEYS.branch] = branch;
  else problems.push('branch');
  save[KEYS.contact] = contact;
  if (form.forget === true) remove.push(KEYS.token);
  else if (/^gh[a-z]_/.test(token)) problems.push('classic');
  else if (token && !/^github_pat_[A-Za-z0-9_]{20,}$/.test(token)) problems.push('cut');
  else if (token) save[KEYS.token] = token;
  else if (!stored) problems.push('missing');
  return { problems: problems, save: save, remove: remove };
}

// --- GitHub -------------------------------------------------------------------------------------------------------------

/** One request as UrlFetchApp takes it. Redirects are not followed: they would carry the token along. */
function request_(settings, path, payload) {
  const options = {
    method: payload ? 'post' : 'get',
    headers: {
      Authorization: 'Bearer ' + settings.token,
      Accept: 'application/vnd.github+json',
      'X-GitHub-Api-Version': API_VERSION,
    },
    muteHttpExceptions: true,
    followRedirects: false,
    validateHttpsCertificates: true,
  };
  if (payload) {
    options.contentType = 'application/json';
    options.payload = JSON.stringify(payload);
  }
  return { url: GITHUB + settings.repository + '/actions/workflows/' + WORKFLOW + path, options: options };
}

/** Starts a run. Never with `force`: passing a limit is for somebody who has read what it stopped. */
function dispatch_(settings, dryRun) {
  return request_(settings, '/dispatches', { ref: settings.branch, inputs: { dry_run: dryRun ? 'true' : 'false' } });
}

function header_(headers, name) {
  const found = Object.keys(headers || {}).filter((key) => key.toLowerCase() === name);
  return found.length ? String(headers[found[0]]) : '';
}

/** The JSON object in an answer's body, {} when there is none. */
function body_(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === 'object' ? value : {};
  } catch (error) {
    return {}; // an empty body, or a proxy's HTML page
  }
}

/**
 * GitHub's answer {status, text, headers} → "" when it is a yes, otherwise a key of FAILURES.
 *
 * Sources: docs.github.com/rest, "Create a workflow dispatch event" and "Rate limits for the REST API" (403 as well as 429).
 * A fine-grained token that may not see a repository gets 404, not 403.
 */
function judge_(answer) {
  const status = answer.status;
  const words = String(body_(answer.text).message || '');
  if (status >= 200 && status < 300) return '';
  if (status >= 300 && status < 400) return 'moved';
  if (status === 401) return 'token';
  if (status === 429) return 'rate';
  if (status === 403) {
    const limited =
      header_(answer.headers, 'retry-after') !== '' ||
      header_(answer.headers, 'x-ratelimit-remaining') === '0' ||
      /rate limit/i.test(words);
    return limited ? 'rate' : 'forbidden';
  }
  if (status === 404) return 'notFound';
  if (status === 422) {
    if (/disabled workflow/i.test(words)) return 'disabled';
    if (/no ref found/i.test(words)) return 'branch';
    if (/does not have .*trigger/i.test(words)) return 'trigger';
    if (/input/i.test(words)) return 'inputs';
    return 'unprocessable';
  }
  return status >= 500 ? 'down' : 'odd';
}

/** Why UrlFetchApp threw → a key of FAILURES. */
function judgeThrown_(words) {
  if (/too many times|quota/i.test(words)) return 'googleQuota';
  if (/permission|authori[sz]/i.test(words)) return 'notAllowed';
  return 'offline';
}

/** How long GitHub asks to wait, in words. */
function wait_(headers, now, say) {
  const after = Number(header_(headers, 'retry-after')) * 1000;
  const reset = Number(header_(headers, 'x-ratelimit-reset')) * 1000 - now;
  const ms = after > 0 ? after : header_(headers, 'x-ratelimit-remaining') === '0' && reset > 0 ? reset : 0;
  return ms > 0 ? count_(Math.ceil(ms / 60000), say.time.minutes, say) : say.time.few;
}

/** "The token expires in 3 days …" when it does soon, otherwise "". `headers` of any answer that accepted it. */
function expiry_(headers, settings, now, say) {
  const found = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d) (UTC|([+-])(\d\d)(\d\d))$/.exec(
    header_(headers, 'github-authentication-token-expiration'),
  );
  if (!found) return '';
  const part = found.map(Number);
  const offset = found[8] ? (found[8] === '-' ? -1 : 1) * (part[9] * 60 + part[10]) : 0;
  const left = Date.UTC(part[1], part[2] - 1, part[3], part[4], part[5], part[6]) - offset * 60000 - now;
  if (left > EXPIRY_WARNING_DAYS * 86400000) return '';
  return left > 0 ? worded_(say.expires, settings, say, { span: span_(left, say) }) : worded_(say.expired, settings, say);
}

// --- Answers: {title, text: [paragraph], link: {text, url} or null} ---------------------------------------------------------

function answer_(title, text, link) {
  return { title: title, text: text.filter((line) => line), link: link || null };
}

/** What a failure came to, who does what, and the technical line. `reading`: a state was only to be read, nothing started. */
function failure_(outcome, settings, now, say, reading) {
  const failure = say.failures[outcome.failure];
  const names = names_(settings, say, wait_(outcome.headers, now, say));
  const todo = (reading && failure.reading) || failure.todo;
  return { what: fill_(failure.what, names), todo: fill_(todo, names), record: record_(outcome, settings, say) };
}

function notStarted_(outcome, settings, now, say) {
  const failure = failure_(outcome, settings, now, say, false);
  return answer_(say.notStarted, [failure.what, failure.todo, say.safe, failure.record]);
}

/** The technical line, for whoever is asked for help, with GitHub's or Google's own words at its end. */
function record_(outcome, settings, say) {
  const text = outcome.status ? say.record.github : say.record.google;
  const said = outcome.words ? ': ' + outcome.words : '';
  return worded_(text, settings, say, { status: outcome.status }) + said;
}

function notSetUp_(settings, say) {
  return answer_(say.notSetUp.title, [worded_(say.notSetUp.text, settings, say), say.notSetUp.without]);
}

function started_(dryRun, settings, expiry, say) {
  const texts = dryRun ? say.startedDry : say.started;
  const link = dryRun ? { text: texts.link, url: page_(settings) } : null;
  const lines = [texts.asked, texts.next, texts.long, texts.where].filter((text) => text);
  return answer_(texts.title, lines.map((text) => worded_(text, settings, say)).concat(expiry), link);
}

/** `before`: {at, dryRun} of the start that is less than a minute old, null while somebody is starting one this instant. */
function underWay_(before, now, settings, say) {
  const texts = say.underWay;
  if (!before) return answer_(texts.title, [worded_(texts.atOnce, settings, say)]);
  const seconds = Math.max(0, Math.floor((now - before.at) / 1000));
  const left = count_(DEBOUNCE_SECONDS - seconds, say.time.seconds, say);
  const ago = fill_(say.time.ago, { span: count_(seconds, say.time.seconds, say) });
  return answer_(texts.title, [
    worded_(before.dryRun ? texts.dryRun : texts.run, settings, say, { ago: ago }),
    fill_(texts.again, { span: left }),
  ]);
}

/** The start that still counts, from what the cache holds; null when there is none. */
function lastStart_(cached, now) {
  const start = body_(cached);
  const age = now - start.at;
  return typeof start.at === 'number' && age >= 0 && age < DEBOUNCE_SECONDS * 1000 ? start : null;
}

// --- What happened last ---------------------------------------------------------------------------------------------------

/** A heading as it is compared: trimmed, inner white space as one space, case and the dots of a Turkish i ignored. */
function fold_(text) {
  const folded = String(text).normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
  return folded.replace(/i\u0307|\u0131/g, 'i');
}

/** Header row → {places: {key: index}, missing: [header]}; columns may stand in any order. */
function columns_(row, say) {
  const folded = row.map(fold_);
  const places = {};
  const missing = [];
  Object.keys(say.sheet.headers).forEach((key) => {
    places[key] = folded.indexOf(fold_(say.sheet.headers[key]));
    if (places[key] < 0) missing.push(say.sheet.headers[key]);
  });
  return { places: places, missing: missing };
}

/**
 * The sheet's language. `tabs`: [{say, row}] of each language whose title of Runs is there, `row`: the function that reads
 * that tab's header row. One: that one. Several: the one that misses the fewest headings, because somebody may have a tab
 * of that name. None: English.
 */
function language_(tabs) {
  if (tabs.length < 2) return tabs.length ? tabs[0].say : ENGLISH;
  const missing = tabs.map((tab) => columns_(tab.row(), tab.say).missing.length);
  return tabs[missing.indexOf(Math.min.apply(null, missing))].say;
}

function isDate_(value) {
  return Object.prototype.toString.call(value) === '[object Date]';
}

/**
 * The last line that names a run, null when there is none. `values` and `shown`: the same rows, as typed values and as
 * texts. → {finished: ms or NaN, shown, result, pulled, pushed, refused, needs, message}
 */
function lastRun_(places, values, shown) {
  for (let index = values.length - 1; index >= 0; index -= 1) {
    const cell = (key) => values[index][places[key]];
    const text = (key) => String(shown[index][places[key]]).trim();
    if (String(cell('run')).trim() !== '') {
      return {
        finished: isDate_(cell('finished')) ? cell('finished').getTime() : NaN,
        shown: text('finished'),
        result: text('result'),
        pulled: Number(cell('pulled')) || 0,
        pushed: Number(cell('pushed')) || 0,
        refused: Number(cell('refused')) || 0,
        needs: Number(cell('needs_person')) || 0,
        message: text('message'),
      };
    }
  }
  return null;
}

/** What to do about the word the job wrote under Result, "" for nothing or for a word it does not write. */
function advice_(result, say) {
  const known = Object.keys(RESULT_ADVICE).filter((key) => say.sheet.results[key] === result);
  return known.length ? say.advice[known[0]] : '';
}

/** What the Runs tab says, as paragraphs. `seen`: {tab: bool, missing: [header], run: a run or null} */
function runParagraphs_(seen, settings, now, say) {
  const texts = say.last;
  if (!seen.tab) return [worded_(texts.noTab, settings, say)];
  if (seen.missing.length) {
    const listed = seen.missing.map((header) => '“' + header + '”').join(', ');
    return [worded_(texts.noHeading, settings, say, { headings: listed })];
  }
  const run = seen.run;
  if (!run) return [worded_(texts.noRun, settings, say)];
  const ago = isNaN(run.finished) ? '' : ago_(run.finished, now, say);
  const when = [ago, run.shown ? '(' + run.shown + ')' : ''].filter((part) => part).join(' ') || texts.unknown;
  return [
    fill_(texts.ended, { when: when, result: run.result || texts.noResult }),
    fill_(texts.did, {
      rows: count_(run.pulled, texts.rows, say),
      accepted: count_(run.pushed, texts.accepted, say),
      declined: count_(run.refused, texts.declined, say),
      waiting: run.needs ? worded_(texts.look, settings, say, { waiting: count_(run.needs, texts.waiting, say) }) : texts.nothing,
    }),
    worded_(advice_(run.result, say), settings, say),
    run.message ? fill_(texts.message, { message: run.message }) : '',
  ];
}

/** The newest run in GitHub's list as {status, conclusion, began: ms, ended: ms, url}, null when it has none. */
function newest_(text) {
  const list = body_(text).workflow_runs;
  const run = Array.isArray(list) && list.length ? list[0] : null;
  if (!run) return null;
  return {
    status: String(run.status || ''),
    conclusion: String(run.conclusion || ''),
    began: Date.parse(run.run_started_at || run.created_at),
    ended: Date.parse(run.updated_at),
    url: String(run.html_url || ''),
  };
}

/** GitHub's newest run in words. `finished`: when the last line of Runs was written (ms or NaN). */
function stateText_(run, finished, settings, now, say) {
  if (!run) return say.newest.none;
  const over = run.status === 'completed';
  const texts = {
    success: say.newest.success,
    failure: finished >= run.began ? say.newest.failure : say.newest.early,
    cancelled: say.newest.cancelled,
    timed_out: say.newest.timedOut,
    skipped: say.newest.skipped,
  };
  const ended = Object.prototype.hasOwnProperty.call(texts, run.conclusion) ? texts[run.conclusion] : say.newest.other;
  const going = run.status === 'in_progress' ? say.newest.atWork : say.newest.waits;
  return worded_(over ? ended : going, settings, say, {
    ago: ago_(over ? run.ended : run.began, now, say),
    word: scrub_(run.conclusion, settings.token),
  });
}

/** Everything that is known, as one answer. `outcome`: what asking GitHub came to, null when there is no token. */
function whatHappened_(seen, outcome, settings, now, say) {
  const title = say.menu.last;
  const text = runParagraphs_(seen, settings, now, say);
  if (!outcome) return answer_(title, text.concat(worded_(say.last.notAsked, settings, say)));
  if (outcome.failure) {
    const failure = failure_(outcome, settings, now, say, true);
    return answer_(title, text.concat(say.last.couldNotAsk + ' ' + failure.what, failure.todo, failure.record));
  }
  const run = newest_(outcome.text);
  const finished = seen.run ? seen.run.finished : NaN;
  text.push(stateText_(run, finished, settings, now, say), expiry_(outcome.headers, settings, now, say));
  const own = run && run.url.indexOf('https://github.com/' + settings.repository + '/') === 0;
  return answer_(title, text, { text: say.last.link, url: own ? run.url : page_(settings) });
}

// --- Pages ----------------------------------------------------------------------------------------------------------------

const STYLE =
  '<base target="_blank"><style>body{font:14px/1.5 Arial,sans-serif;color:#2f3b48;margin:4px 8px}p{margin:0 0 10px}' +
  'label{display:block;margin:0 0 10px}input:not([type=checkbox]){display:block;width:95%;padding:6px;font:inherit}' +
  'small{color:#5b6875}button{padding:6px 18px;font:inherit}</style>';

/** An answer as a page. Everything in it is escaped. */
function answerPage_(answer) {
  const link = answer.link
    ? '<p><a rel="noopener" href="' + escape_(answer.link.url) + '">' + escape_(answer.link.text) + '</a></p>'
    : '';
  return STYLE + answer.text.map((line) => '<p>' + escape_(line) + '</p>').join('') + link;
}

/** The form of "Set up…". It is told whether a token is stored, never the token. */
function setUpPage_(settings, stored, say) {
  const texts = say.form;
  const field = (name, label, help, value, kind) =>
    '<label>' + escape_(label) + '<input name="' + name + '" type="' + kind + '" autocomplete="off" spellcheck="false" value="' +
    escape_(value) + '"><small>' + escape_(help) + '</small></label>';
  return (
    STYLE +
    '<form id="form">' +
    field('repository', texts.repository, texts.repositoryHelp, settings.repository, 'text') +
    field('branch', texts.branch, texts.branchHelp, settings.branch, 'text') +
    field('contact', texts.contact, texts.contactHelp, settings.contact, 'text') +
    field('token', texts.token, stored ? texts.tokenStored : texts.tokenHelp, '', 'password') +
    (stored ? '<label><input name="forget" type="checkbox"> ' + escape_(texts.forget) + '</label>' : '') +
    '<p><button id="save">' + escape_(texts.save) + '</button></p></form><div id="answer"></div>' +
    '<script>(' + setUpScript_.toString() + ')(' + JSON.stringify(say.notSaved) + ');</script>'
  );
}

/** Runs in the browser, inside the form's page. `notSaved`: the title when Google does not answer. */
function setUpScript_(notSaved) {
  const form = document.getElementById('form');
  const button = document.getElementById('save');
  const show = (lines) => {
    const place = document.getElementById('answer');
    place.textContent = '';
    lines.forEach((line) => {
      const paragraph = document.createElement('p');
      paragraph.textContent = line;
      place.appendChild(paragraph);
    });
    button.disabled = false;
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const value = (name) => (form.elements[name] ? form.elements[name].value : '');
    const filled = {
      repository: value('repository'),
      branch: value('branch'),
      contact: value('contact'),
      token: value('token'),
      forget: Boolean(form.elements.forget && form.elements.forget.checked),
    };
    form.elements.token.value = '';
    button.disabled = true;
    google.script.run
      .withSuccessHandler((answer) => show([answer.title].concat(answer.text)))
      .withFailureHandler((error) => show([notSaved, error.message]))
      .saveSetUp(filled);
  });
}

// --- The shell: everything from here to the languages talks to Google or to GitHub ----------------------------------------------

function now_() {
  return Date.now();
}

/** What is stored, with every value a text. The only place that reads the token. */
function settings_() {
  const all = PropertiesService.getScriptProperties().getProperties();
  return {
    repository: all[KEYS.repository] || '',
    branch: all[KEYS.branch] || 'main',
    contact: all[KEYS.contact] || '',
    token: all[KEYS.token] || '',
  };
}

/** Sends one request. → {failure: "" or a key of FAILURES, status (0: no answer), words: GitHub's or Google's, text, headers} */
function ask_(request, token) {
  let response;
  try {
    response = UrlFetchApp.fetch(request.url, request.options);
  } catch (error) {
    const said = scrub_(error && error.message, token);
    return { failure: judgeThrown_(said), status: 0, words: said, text: '', headers: {} };
  }
  const answer = { status: response.getResponseCode(), text: response.getContentText(), headers: response.getHeaders() };
  const words = scrub_(body_(answer.text).message, token);
  return { failure: judge_(answer), status: answer.status, words: words, text: answer.text, headers: answer.headers };
}

/** Shows an answer; with a link as a page, because the plain box cannot have one. */
function tell_(answer) {
  const ui = SpreadsheetApp.getUi();
  if (answer.link) {
    ui.showModalDialog(HtmlService.createHtmlOutput(answerPage_(answer)).setWidth(460).setHeight(360), answer.title);
  } else {
    ui.alert(answer.title, answer.text.join('\n\n'), ui.ButtonSet.OK);
  }
}

/** The sheet's language. Never fails: without an answer there would be no menu, and no word about what failed. */
function say_() {
  try {
    const open = SpreadsheetApp.getActive();
    const tabs = Object.keys(LANGUAGES)
      .map((code) => ({ say: LANGUAGES[code], sheet: open.getSheetByName(LANGUAGES[code].sheet.runs) }))
      .filter((tab) => tab.sheet);
    return language_(tabs.map((tab) => ({ say: tab.say, row: () => headings_(tab.sheet) })));
  } catch (error) {
    return ENGLISH; // Google did not let it read: whoever needs the sheet next says so
  }
}

/** Row 1 of a tab as texts. */
function headings_(sheet) {
  const width = sheet.getLastColumn();
  return width < 1 ? [] : sheet.getRange(1, 1, 1, width).getDisplayValues()[0];
}

/** The answer of `work`, or of the last line of defence: a person who chose a menu item is never left without one. */
function guarded_(work) {
  const say = say_();
  try {
    return work(say);
  } catch (error) {
    const nobody = { contact: '', repository: '', branch: '' }; // the settings may be what failed
    const outcome = { status: 0, words: scrub_(error && error.message, '') };
    return answer_(say.broke.title, [worded_(say.broke.text, nobody, say), say.safe, record_(outcome, nobody, say)]);
  }
}

/** Starts one run at most: one start at a time, and none within a minute of another. → the answer to show */
function start_(dryRun, say) {
  const settings = settings_();
  if (!settings.repository || !settings.token) return notSetUp_(settings, say);
  const lock = LockService.getScriptLock();
  if (!lock.tryLock(1000)) return underWay_(null, now_(), settings, say);
  try {
    const cache = CacheService.getScriptCache();
    const before = lastStart_(cache.get(STARTED_KEY), now_());
    if (before) return underWay_(before, now_(), settings, say);
    SpreadsheetApp.getActive().toast(say.asking, MENU, 5);
    const outcome = ask_(dispatch_(settings, dryRun), settings.token);
    if (outcome.failure) return notStarted_(outcome, settings, now_(), say);
    cache.put(STARTED_KEY, JSON.stringify({ at: now_(), dryRun: dryRun }), DEBOUNCE_SECONDS);
    return started_(dryRun, settings, expiry_(outcome.headers, settings, now_(), say), say);
  } finally {
    lock.releaseLock(); // before the answer is shown: a box that stays open would hold it
  }
}

/** Reads headings and the last rows of Runs. → {tab, missing, run} */
function seenRuns_(say) {
  const sheet = SpreadsheetApp.getActive().getSheetByName(say.sheet.runs);
  if (!sheet) return { tab: false, missing: [], run: null };
  const last = sheet.getLastRow();
  const found = columns_(headings_(sheet), say);
  if (found.missing.length || last < 2) return { tab: true, missing: found.missing, run: null };
  const first = Math.max(2, last - TAIL_ROWS + 1);
  const range = sheet.getRange(first, 1, last - first + 1, sheet.getLastColumn());
  return { tab: true, missing: [], run: lastRun_(found.places, range.getValues(), range.getDisplayValues()) };
}

/** Puts the menu up. A simple trigger: it may read the open sheet and touch nothing that needs permission. */
function onOpen() {
  const items = say_().menu;
  SpreadsheetApp.getUi()
    .createMenu(MENU)
    .addItem(items.syncNow, 'syncNow')
    .addItem(items.dryRun, 'showWhatWouldBeSent')
    .addItem(items.last, 'whatHappenedLast')
    .addSeparator()
    .addItem(items.setUp, 'setUp')
    .addToUi();
}

function syncNow() {
  tell_(guarded_((say) => start_(false, say)));
}

function showWhatWouldBeSent() {
  tell_(guarded_((say) => start_(true, say)));
}

function whatHappenedLast() {
  tell_(
    guarded_((say) => {
      const settings = settings_();
      const ready = settings.repository && settings.token;
      const outcome = ready ? ask_(request_(settings, '/runs?per_page=1', null), settings.token) : null;
      return whatHappened_(seenRuns_(say), outcome, settings, now_(), say);
    }),
  );
}

function setUp() {
  const say = say_();
  const settings = settings_();
  const page = HtmlService.createHtmlOutput(setUpPage_(settings, settings.token !== '', say));
  SpreadsheetApp.getUi().showModalDialog(page.setWidth(460).setHeight(520), say.form.title);
}

/** Called by the form. Saves all of it or nothing, then asks GitHub for the workflow. → the answer to show in the form */
function saveSetUp(form) {
  return guarded_((say) => {
    const properties = PropertiesService.getScriptProperties();
    const checked = checkForm_(form || {}, settings_().token !== '');
    if (checked.problems.length) return answer_(say.notSaved, checked.problems.map((key) => say.problems[key]));
    properties.setProperties(checked.save, false);
    checked.remove.forEach((key) => properties.deleteProperty(key));
    const settings = settings_();
    if (!settings.token) return answer_(say.saved.title, [say.saved.forgotten]);
    const outcome = ask_(request_(settings, '', null), settings.token);
    const state = body_(outcome.text).state;
    if (!outcome.failure && state && state !== 'active') outcome.failure = 'disabled';
    if (outcome.failure) {
      const failure = failure_(outcome, settings, now_(), say, true);
      return answer_(say.saved.broken, [failure.what, failure.todo, failure.record]);
    }
    return answer_(say.saved.title, [
      worded_(say.saved.text, settings, say),
      expiry_(outcome.headers, settings, now_(), say),
    ]);
  });
}

// --- Languages: every word that a person reads ----------------------------------------------------------------------------
//
// One table each, with the same keys, in which {names} stay as they are (tests/test_apps_script.py compares them). `sheet` is
// what the job itself writes into a sheet of that language, as sheets_templates/words has it (a test compares that, too).
// `numbers`: digits are grouped from `from` on, in groups of `size` left of the last three; `singular` takes the first form.
//
// `advice`: what to do about each word under Result. `failures`: everything that can go wrong between here and GitHub. `what`:
// what happened. `todo`: who does what when a run was to be started. `reading`: the same when a state was only to be read,
// where that differs. GitHub's own buttons and pages keep their English names: GitHub speaks no other language.

const ENGLISH = {
  sheet: {
    runs: 'Runs',
    headers: {
      run: 'Run',
      started: 'Started',
      finished: 'Finished',
      result: 'Result',
      pulled: 'Pulled',
      pushed: 'Pushed',
      refused: 'Refused',
      needs_person: 'Needs a person',
      message: 'Message',
    },
    sync: 'Sync',
    unsure: 'If unsure',
    marks: { problem: 'Please check', refused: 'Refused', held: 'Held', doubt: 'Not sure' },
    results: {
      'Done': 'Done',
      'Resolved by hand': 'Resolved by hand',
      'Restored': 'Restored',
      'Adopted': 'Adopted',
      'Done, something is in doubt': 'Done, something is in doubt',
      'Done, a limit holds rows': 'Done, a limit holds rows',
      'Another run took over': 'Another run took over',
      'Try later': 'Try later',
      'Access refused': 'Access refused',
      'Damaged': 'Damaged',
      'Failed': 'Failed',
    },
  },
  numbers: { mark: ',', from: 1000, size: 3, singular: [1] },
  menu: {
    syncNow: 'Sync now',
    dryRun: 'Show what would be sent (dry run)',
    last: 'What happened last?',
    setUp: 'Set up…',
  },
  nobody: 'the person who looks after reconcile',
  safe: 'Nothing is lost: what you typed stays in the sheet and goes out with the next run that works.',
  asking: 'Asking GitHub to start a run…',
  time: {
    less: 'less than a minute',
    seconds: ['{number} second', '{number} seconds'],
    minutes: ['{number} minute', '{number} minutes'],
    hours: ['{number} hour', '{number} hours'],
    days: ['{number} day', '{number} days'],
    few: 'a few minutes',
    some: 'some time',
    ago: '{span} ago',
  },
  started: {
    title: 'Started',
    asked: 'GitHub has been asked to run the job now.',
    next:
      'What happens next: it sends what you changed to the panel, brings in what is new, and answers next to each row. You ' +
      'can go on working.',
    long:
      'How long it takes: usually a few minutes, at most {limit}. If a run is under way already, this one waits for it ' +
      'first.',
    where: 'Where to see the answer: the {sync} column of your rows, and a new last line in the tab {runs}.',
  },
  startedDry: {
    title: 'Started: a dry run',
    asked:
      'GitHub has been asked what a run would send now. Nothing is sent to the panel and nothing is written into this sheet.',
    long: 'How long it takes: usually a few minutes. If a run is under way already, this one waits for it first.',
    where:
      'Where to see the answer: at GitHub, in the summary of the newest run. That needs a GitHub account that may see ' +
      '{repository}; if you have none, ask {who}.',
    link: 'Open the runs at GitHub',
  },
  underWay: {
    title: 'Already under way',
    atOnce:
      'Somebody is starting a run from this menu at this very moment. Please wait a minute, then look at the {sync} column ' +
      'and the last line of the tab {runs}.',
    run: 'A run was started from this menu {ago}. Its answer comes under {sync} and as a new last line in the tab {runs}.',
    dryRun: 'A dry run was started from this menu {ago}. Its answer comes at GitHub, in the summary of the newest run.',
    again: 'Another one can be started in {span}.',
  },
  notStarted: 'Not started',
  notSetUp: {
    title: 'Not set up yet',
    text: '“{syncNow}” is not set up yet. Ask {who} to choose {menu} → {setUp}; it takes five minutes.',
    without: 'Without it nothing is lost: the job runs by its schedule.',
  },
  expires: 'The token for this menu expires in {span}. Ask {who} to make a new one.',
  expired: 'The token for this menu expires now. Ask {who} to make a new one.',
  record: { github: 'For {who}: GitHub answered {status}', google: 'For {who}: Google’s script service said' },
  broke: {
    title: 'That did not work',
    text:
      'Google’s script service did not do what this menu asked for. Choose it again in a minute; if it stays like this, ' +
      'ask {who}.',
  },
  last: {
    noTab: 'This sheet has no tab “{runs}”. Ask {who} to run “reconcile init” once more.',
    noHeading: 'The tab {runs} has no heading {headings} in row 1. Ask {who} to put it back.',
    noRun: 'The job has not run yet: the tab {runs} has no line.',
    ended: 'The last run in this sheet ended {when}: {result}.',
    unknown: 'at an unknown time',
    noResult: 'no result',
    did: 'It brought in {rows}. The panel {accepted} and {declined}. {waiting}',
    rows: ['{number} row', '{number} rows'],
    accepted: ['accepted {number} change', 'accepted {number} changes'],
    declined: ['refused {number}', 'refused {number}'],
    look: '{waiting} for a person: look under {sync} for “{problem}”, “{refused}”, “{held}” and “{doubt}”.',
    waiting: ['{number} thing waits', '{number} things wait'],
    nothing: 'Nothing waits for a person.',
    message: 'The job’s own words: {message}',
    notAsked: 'GitHub was not asked whether a run is under way: no token is set ({menu} → {setUp}).',
    couldNotAsk: 'GitHub could not be asked whether a run is under way.',
    link: 'Open it at GitHub',
  },
  newest: {
    none: 'GitHub has no run of this workflow yet.',
    atWork: 'At GitHub a run is at work now; it began {ago}.',
    waits: 'At GitHub a run waits for its turn; it was asked for {ago}.',
    success: 'GitHub’s newest run ended well {ago}.',
    failure: 'GitHub’s newest run ended {ago} and marked itself as needing a person; the lines above say why.',
    early:
      'GitHub’s newest run failed {ago} without a line in {runs}: it did not get as far as this sheet. Please tell {who}.',
    cancelled: 'GitHub’s newest run was cancelled {ago}: a newer one took its place in the queue, or somebody stopped it.',
    timedOut:
      'GitHub’s newest run was stopped {ago} because it took too long; the next one goes on from there. If this happens ' +
      'again, tell {who}.',
    skipped: 'GitHub’s newest run did nothing, because the repository has no variable RECONCILE_SHEET. Please tell {who}.',
    other: 'GitHub’s newest run ended {ago} as “{word}”. Please tell {who}.',
  },
  form: {
    title: 'Set up “Sync now”',
    repository: 'Repository',
    repositoryHelp: 'owner/name, or its address at github.com',
    branch: 'Branch',
    branchHelp: 'usually main',
    contact: 'Whom staff should ask',
    contactHelp: 'a name, as it should stand in messages; may stay empty',
    token: 'Token',
    tokenHelp: 'Fine-grained, for this one repository, with “Actions: Read and write”. It is not shown again.',
    tokenStored: 'One is stored. Leave this empty to keep it.',
    forget: 'Forget the stored token',
    save: 'Save and test',
  },
  problems: {
    repository: 'The repository must look like owner/name, or be its address at github.com.',
    branch: 'The branch’s name has a character that branches cannot have.',
    classic:
      'This is not a fine-grained token: it could do far more than start this job. Make a fine-grained one for this one ' +
      'repository, and delete this one at GitHub now.',
    cut: 'The token was not copied whole: it starts with github_pat_ and has no spaces.',
    missing: 'The token is missing.',
  },
  notSaved: 'Not saved',
  saved: {
    title: 'Saved',
    broken: 'Saved, but it does not work yet',
    text:
      'GitHub knows the workflow {workflow} of {repository}. Close this and choose {menu} → {syncNow}: only that shows ' +
      'whether the token may start a run.',
    forgotten: 'The token is forgotten here. Please revoke it at GitHub, too: Settings → Developer settings.',
  },
  advice: {
    'Done': '',
    'Resolved by hand': '',
    'Restored': '',
    'Adopted': '',
    'Done, something is in doubt':
      'Look for “{doubt}” under {sync}: check those rows at the panel, then choose in “{unsure}”.',
    'Done, a limit holds rows':
      'Some rows were held back, on purpose: too much would have changed at once. They are listed in the tab Approvals. All else ' +
      'was done. If you are not sure about them, ask {who}.',
    'Another run took over': 'Nothing to do: the next run goes on from there.',
    'Try later':
      'The panel or Google could not be reached. The next run tries again; if it says the same for an hour, tell {who}.',
    'Access refused': 'The panel or Google no longer lets the job in. Please tell {who} now.',
    'Damaged': 'Something about the sheet or the journal is not as it must be; the message says what. Please tell {who} now.',
    'Failed': 'Please tell {who} now.',
  },
  failures: {
    token: {
      what: 'GitHub does not accept the token: it has expired, was revoked, or was not copied whole.',
      todo: 'Ask {who} to make a new token and to enter it under {menu} → {setUp}.',
    },
    forbidden: {
      what: 'GitHub knows the token but does not let it work with the Actions of {repository}.',
      todo:
        'Ask {who} to give the token the repository permission “Actions: Read and write” and, where the repository belongs ' +
        'to an organisation, to have it approved there.',
    },
    notFound: {
      what: 'GitHub shows this token no workflow {workflow} in {repository}.',
      todo:
        'Ask {who} to compare the repository’s name under {menu} → {setUp} and to check that the token was made for this ' +
        'very repository.',
    },
    moved: {
      what: 'The repository {repository} has been renamed or has moved.',
      todo: 'Ask {who} to enter its new name under {menu} → {setUp}.',
    },
    disabled: {
      what: 'The workflow is switched off at GitHub, so the job does not run by itself either.',
      todo:
        'Ask {who} to open {page} and to press “Enable workflow”. (In a public repository GitHub switches a schedule off ' +
        'by itself after 60 days without a change.)',
    },
    branch: {
      what: 'The repository {repository} has no branch “{branch}”.',
      todo: 'Ask {who} to correct the branch under {menu} → {setUp}.',
    },
    inputs: {
      what: 'The workflow on the branch “{branch}” does not know what this menu asks it for: it is from another version.',
      todo: 'Ask {who} to bring the workflow and this menu’s script to the same version of reconcile.',
    },
    trigger: {
      what: 'The workflow on the branch “{branch}” cannot be started by hand.',
      todo: 'Ask {who} to put reconcile’s own .github/workflows/{workflow} on that branch.',
    },
    unprocessable: {
      what: 'GitHub understood the request but did not accept it.',
      todo: 'Ask {who}, and pass on the last line of this message.',
    },
    rate: {
      what: 'GitHub has had too many requests with this token for now.',
      todo: 'Wait {wait}, then choose it again. If this happens often, tell {who}.',
    },
    down: {
      what: 'GitHub has a problem of its own right now.',
      todo:
        'The run may have started all the same: wait five minutes and look for a new line in the tab {runs}. If there is ' +
        'none, choose it again; starting it twice does no harm. If it stays like this for an hour, tell {who}.',
      reading: 'Try again in five minutes. If it stays like this for an hour, tell {who}.',
    },
    offline: {
      what: 'Google could not reach GitHub.',
      todo:
        'The run may have started all the same: wait five minutes and look for a new line in the tab {runs}. If there is ' +
        'none, choose it again; starting it twice does no harm. If it stays like this for an hour, tell {who}.',
      reading: 'Try again in five minutes. If it stays like this for an hour, tell {who}.',
    },
    googleQuota: {
      what: 'Google allows your account no more requests from scripts today.',
      todo: 'Let a colleague choose it, or try again tomorrow. If this happens often, tell {who}.',
    },
    notAllowed: {
      what: 'Google does not yet let this menu reach GitHub for your account.',
      todo:
        'Choose it again and answer Google’s question with “Allow”. If no question appears, ask {who}: your organisation’s ' +
        'administrator may have to allow the script.',
    },
    odd: {
      what: 'GitHub gave an answer that this menu does not know.',
      todo: 'Ask {who}, and pass on the last line of this message.',
    },
  },
};

const SPANISH = {
  sheet: {
    runs: 'Ejecuciones',
    headers: {
      run: 'Ejecución',
      started: 'Inicio',
      finished: 'Fin',
      result: 'Resultado',
      pulled: 'Traídos',
      pushed: 'Enviados',
      refused: 'Rechazados',
      needs_person: 'Necesita a alguien',
      message: 'Mensaje',
    },
    sync: 'Respuesta',
    unsure: 'En caso de duda',
    marks: { problem: 'Revise esto', refused: 'Rechazado', held: 'Retenido', doubt: 'Sin confirmar' },
    results: {
      'Done': 'Hecho',
      'Resolved by hand': 'Resuelto a mano',
      'Restored': 'Restaurado',
      'Adopted': 'Adoptado',
      'Done, something is in doubt': 'Hecho, pero algo está en duda',
      'Done, a limit holds rows': 'Hecho, un límite retiene filas',
      'Another run took over': 'Otra ejecución tomó el relevo',
      'Try later': 'Intentar más tarde',
      'Access refused': 'Acceso denegado',
      'Damaged': 'Dañado',
      'Failed': 'Falló',
    },
  },
  numbers: { mark: '\u00a0', from: 10000, size: 3, singular: [1] },
  menu: {
    syncNow: 'Sincronizar ahora',
    dryRun: 'Mostrar qué se enviaría (ejecución de prueba)',
    last: '¿Qué pasó la última vez?',
    setUp: 'Configurar…',
  },
  nobody: 'quien cuida de reconcile',
  safe: 'No se pierde nada: lo que usted escribió sigue en la hoja y sale con la próxima ejecución que funcione.',
  asking: 'Pidiendo a GitHub que inicie una ejecución…',
  time: {
    less: 'menos de un minuto',
    seconds: ['{number} segundo', '{number} segundos'],
    minutes: ['{number} minuto', '{number} minutos'],
    hours: ['{number} hora', '{number} horas'],
    days: ['{number} día', '{number} días'],
    few: 'unos minutos',
    some: 'algún tiempo',
    ago: 'hace {span}',
  },
  started: {
    title: 'Iniciada',
    asked: 'Se ha pedido a GitHub que ejecute el programa ahora.',
    next:
      'Qué pasa después: envía al panel lo que usted cambió, trae lo nuevo y contesta al lado de cada fila. Usted puede ' +
      'seguir trabajando.',
    long:
      'Cuánto tarda: normalmente unos minutos, como mucho {limit}. Si ya hay una ejecución en marcha, esta espera primero ' +
      'a que termine.',
    where: 'Dónde ver la respuesta: en la columna {sync} de sus filas y en una nueva última línea de la hoja {runs}.',
  },
  startedDry: {
    title: 'Iniciada: una ejecución de prueba',
    asked:
      'Se ha preguntado a GitHub qué enviaría ahora una ejecución. No se envía nada al panel ni se escribe nada en esta ' +
      'hoja.',
    long: 'Cuánto tarda: normalmente unos minutos. Si ya hay una ejecución en marcha, esta espera primero a que termine.',
    where:
      'Dónde ver la respuesta: en GitHub, en el resumen de la ejecución más reciente. Hace falta una cuenta de GitHub que ' +
      'pueda ver {repository}; si no la tiene, pregunte a {who}.',
    link: 'Abrir las ejecuciones en GitHub',
  },
  underWay: {
    title: 'Ya está en marcha',
    atOnce:
      'Alguien está iniciando una ejecución desde este menú en este mismo momento. Por favor, espere un minuto y mire la ' +
      'columna {sync} y la última línea de la hoja {runs}.',
    run:
      'Se inició una ejecución desde este menú {ago}. Su respuesta aparece en {sync} y como nueva última línea de la hoja ' +
      '{runs}.',
    dryRun:
      'Se inició una ejecución de prueba desde este menú {ago}. Su respuesta aparece en GitHub, en el resumen de la ' +
      'ejecución más reciente.',
    again: 'Se puede iniciar otra dentro de {span}.',
  },
  notStarted: 'No se inició',
  notSetUp: {
    title: 'Todavía sin configurar',
    text: '“{syncNow}” todavía no está configurado. Pida a {who} que elija {menu} → {setUp}; se tarda cinco minutos.',
    without: 'Sin esto no se pierde nada: el programa se ejecuta según su horario.',
  },
  expires: 'El token de este menú caduca dentro de {span}. Pida a {who} que cree uno nuevo.',
  expired: 'El token de este menú caduca ahora. Pida a {who} que cree uno nuevo.',
  record: { github: 'Para {who}: GitHub respondió {status}', google: 'Para {who}: el servicio de scripts de Google dijo' },
  broke: {
    title: 'No ha funcionado',
    text:
      'El servicio de scripts de Google no hizo lo que pidió este menú. Vuelva a elegirlo dentro de un minuto; si sigue ' +
      'igual, pregunte a {who}.',
  },
  last: {
    noTab: 'Falta la hoja “{runs}”. Pida a {who} que ejecute “reconcile init” una vez más.',
    noHeading: 'En la hoja {runs} falta en la fila 1 el encabezado {headings}. Pida a {who} que lo vuelva a poner.',
    noRun: 'El programa todavía no se ha ejecutado: la hoja {runs} no tiene ninguna línea.',
    ended: 'La última ejecución anotada aquí terminó {when}: {result}.',
    unknown: 'en un momento desconocido',
    noResult: 'sin resultado',
    did: 'Trajo {rows}. El panel {accepted} y {declined}. {waiting}',
    rows: ['{number} fila', '{number} filas'],
    accepted: ['aceptó {number} cambio', 'aceptó {number} cambios'],
    declined: ['rechazó {number}', 'rechazó {number}'],
    look: '{waiting} a una persona: busque en {sync} “{problem}”, “{refused}”, “{held}” y “{doubt}”.',
    waiting: ['{number} asunto espera', '{number} asuntos esperan'],
    nothing: 'Nada espera a una persona.',
    message: 'En palabras del programa: {message}',
    notAsked: 'No se preguntó a GitHub si hay una ejecución en marcha: no hay token guardado ({menu} → {setUp}).',
    couldNotAsk: 'No se pudo preguntar a GitHub si hay una ejecución en marcha.',
    link: 'Abrirla en GitHub',
  },
  newest: {
    none: 'GitHub todavía no tiene ninguna ejecución de este flujo de trabajo.',
    atWork: 'En GitHub hay una ejecución trabajando ahora; empezó {ago}.',
    waits: 'En GitHub hay una ejecución que espera su turno; se pidió {ago}.',
    success: 'La ejecución más reciente en GitHub terminó bien {ago}.',
    failure:
      'La ejecución más reciente en GitHub terminó {ago} y avisó de que necesita a una persona; las líneas de arriba dicen ' +
      'por qué.',
    early:
      'La ejecución más reciente en GitHub falló {ago} sin dejar una línea en {runs}: no llegó hasta esta hoja. Por favor, ' +
      'avise a {who}.',
    cancelled:
      'La ejecución más reciente en GitHub se canceló {ago}: una más nueva ocupó su lugar en la cola, o alguien la detuvo.',
    timedOut:
      'La ejecución más reciente en GitHub se detuvo {ago} porque tardaba demasiado; la próxima sigue desde ahí. Si vuelve ' +
      'a pasar, avise a {who}.',
    skipped:
      'La ejecución más reciente en GitHub no hizo nada, porque el repositorio no tiene la variable RECONCILE_SHEET. Por ' +
      'favor, avise a {who}.',
    other: 'La ejecución más reciente en GitHub terminó {ago} como “{word}”. Por favor, avise a {who}.',
  },
  form: {
    title: 'Configurar “Sincronizar ahora”',
    repository: 'Repositorio',
    repositoryHelp: 'propietario/nombre, o su dirección en github.com',
    branch: 'Rama',
    branchHelp: 'normalmente main',
    contact: 'A quién debe preguntar el personal',
    contactHelp: 'un nombre, tal como debe aparecer en los mensajes; puede quedar vacío',
    token: 'Token',
    tokenHelp: 'De tipo “fine-grained”, solo para este repositorio, con “Actions: Read and write”. No se vuelve a mostrar.',
    tokenStored: 'Hay uno guardado. Deje esto vacío para conservarlo.',
    forget: 'Olvidar el token guardado',
    save: 'Guardar y probar',
  },
  problems: {
    repository: 'El repositorio debe tener la forma propietario/nombre, o ser su dirección en github.com.',
    branch: 'El nombre de la rama tiene un carácter que una rama no puede tener.',
    classic:
      'Este token no es de tipo “fine-grained”: podría hacer mucho más que iniciar este programa. Cree uno “fine-grained” ' +
      'solo para este repositorio y borre este en GitHub ahora.',
    cut: 'El token no se copió entero: empieza por github_pat_ y no tiene espacios.',
    missing: 'Falta el token.',
  },
  notSaved: 'No se guardó',
  saved: {
    title: 'Guardado',
    broken: 'Guardado, pero todavía no funciona',
    text:
      'GitHub conoce el flujo de trabajo {workflow} de {repository}. Cierre esto y elija {menu} → {syncNow}: solo así se ' +
      've si el token puede iniciar una ejecución.',
    forgotten: 'Aquí el token queda olvidado. Por favor, revóquelo también en GitHub: Settings → Developer settings.',
  },
  advice: {
    'Done': '',
    'Resolved by hand': '',
    'Restored': '',
    'Adopted': '',
    'Done, something is in doubt': 'Busque “{doubt}” en {sync}: compruebe esas filas en el panel y elija en “{unsure}”.',
    'Done, a limit holds rows':
      'Algunas filas se retuvieron, a propósito: habrían cambiado demasiadas cosas a la vez. Están en la hoja Aprobaciones. Lo ' +
      'demás se hizo. Si tiene dudas, pregunte a {who}.',
    'Another run took over': 'No hay nada que hacer: la próxima ejecución sigue desde ahí.',
    'Try later':
      'No se pudo llegar al panel o a Google. La próxima ejecución lo intenta otra vez; si dice lo mismo durante una hora, ' +
      'avise a {who}.',
    'Access refused': 'El panel o Google ya no deja entrar al programa. Por favor, avise ahora a {who}.',
    'Damaged': 'Algo en la hoja o en el diario no está como debe; el mensaje dice qué. Por favor, avise ahora a {who}.',
    'Failed': 'Por favor, avise ahora a {who}.',
  },
  failures: {
    token: {
      what: 'GitHub no acepta el token: caducó, se revocó o no se copió entero.',
      todo: 'Pida a {who} que cree un token nuevo y que en {menu} → {setUp} lo guarde.',
    },
    forbidden: {
      what: 'GitHub conoce el token, pero no le deja trabajar con las Actions de {repository}.',
      todo:
        'Pida a {who} que dé al token el permiso de repositorio “Actions: Read and write” y, si el repositorio pertenece a ' +
        'una organización, que consiga allí su aprobación.',
    },
    notFound: {
      what: 'GitHub no muestra a este token ningún flujo de trabajo {workflow} en {repository}.',
      todo:
        'Pida a {who} que compare el nombre del repositorio en {menu} → {setUp} y que compruebe que el token se creó para ' +
        'este mismo repositorio.',
    },
    moved: {
      what: 'El repositorio {repository} cambió de nombre o de lugar.',
      todo: 'Pida a {who} que en {menu} → {setUp} escriba su nombre nuevo.',
    },
    disabled: {
      what: 'El flujo de trabajo está desactivado en GitHub, así que el programa tampoco se ejecuta por sí solo.',
      todo:
        'Pida a {who} que abra {page} y pulse “Enable workflow”. (En un repositorio público, GitHub desactiva por sí mismo ' +
        'un horario tras 60 días sin cambios.)',
    },
    branch: {
      what: 'El repositorio {repository} no tiene ninguna rama “{branch}”.',
      todo: 'Pida a {who} que en {menu} → {setUp} corrija la rama.',
    },
    inputs: {
      what: 'El flujo de trabajo de la rama “{branch}” no conoce lo que le pide este menú: es de otra versión.',
      todo: 'Pida a {who} que ponga el flujo de trabajo y el script de este menú en la misma versión de reconcile.',
    },
    trigger: {
      what: 'El flujo de trabajo de la rama “{branch}” no se puede iniciar a mano.',
      todo: 'Pida a {who} que ponga en esa rama el .github/workflows/{workflow} del propio reconcile.',
    },
    unprocessable: {
      what: 'GitHub entendió la solicitud, pero no la aceptó.',
      todo: 'Pregunte a {who} y pásele la última línea de este mensaje.',
    },
    rate: {
      what: 'Por ahora, GitHub ha recibido demasiadas solicitudes con este token.',
      todo: 'Espere {wait} y vuelva a elegirlo. Si pasa a menudo, avise a {who}.',
    },
    down: {
      what: 'GitHub tiene ahora mismo un problema propio.',
      todo:
        'Puede que la ejecución haya empezado de todos modos: espere cinco minutos y busque una línea nueva en la hoja ' +
        '{runs}. Si no la hay, vuelva a elegirlo; iniciarla dos veces no hace daño. Si sigue así durante una hora, avise a ' +
        '{who}.',
      reading: 'Inténtelo de nuevo dentro de cinco minutos. Si sigue así durante una hora, avise a {who}.',
    },
    offline: {
      what: 'Google no pudo llegar a GitHub.',
      todo:
        'Puede que la ejecución haya empezado de todos modos: espere cinco minutos y busque una línea nueva en la hoja ' +
        '{runs}. Si no la hay, vuelva a elegirlo; iniciarla dos veces no hace daño. Si sigue así durante una hora, avise a ' +
        '{who}.',
      reading: 'Inténtelo de nuevo dentro de cinco minutos. Si sigue así durante una hora, avise a {who}.',
    },
    googleQuota: {
      what: 'Google no permite hoy a su cuenta más solicitudes desde scripts.',
      todo: 'Deje que lo elija otra persona del equipo, o inténtelo de nuevo mañana. Si pasa a menudo, avise a {who}.',
    },
    notAllowed: {
      what: 'Google todavía no deja que este menú llegue a GitHub con su cuenta.',
      todo:
        'Vuelva a elegirlo y responda “Permitir” a la pregunta de Google. Si no aparece ninguna pregunta, hable con {who}: ' +
        'quizá quien administra su organización tenga que permitir el script.',
    },
    odd: {
      what: 'GitHub dio una respuesta que este menú no conoce.',
      todo: 'Pregunte a {who} y pásele la última línea de este mensaje.',
    },
  },
};

const PORTUGUESE = {
  sheet: {
    runs: 'Execuções',
    headers: {
      run: 'Execução',
      started: 'Início',
      finished: 'Fim',
      result: 'Resultado',
      pulled: 'Trazidos',
      pushed: 'Enviados',
      refused: 'Recusados',
      needs_person: 'Precisa de alguém',
      message: 'Mensagem',
    },
    sync: 'Resposta',
    unsure: 'Em caso de dúvida',
    marks: { problem: 'Verifique', refused: 'Recusado', held: 'Retido', doubt: 'Sem confirmação' },
    results: {
      'Done': 'Feito',
      'Resolved by hand': 'Resolvido à mão',
      'Restored': 'Restaurado',
      'Adopted': 'Adotado',
      'Done, something is in doubt': 'Feito, mas há algo em dúvida',
      'Done, a limit holds rows': 'Feito, um limite retém linhas',
      'Another run took over': 'Outra execução assumiu',
      'Try later': 'Tentar mais tarde',
      'Access refused': 'Acesso negado',
      'Damaged': 'Danificado',
      'Failed': 'Falhou',
    },
  },
  numbers: { mark: '.', from: 1000, size: 3, singular: [0, 1] },
  menu: {
    syncNow: 'Sincronizar agora',
    dryRun: 'Mostrar o que seria enviado (execução de teste)',
    last: 'O que aconteceu da última vez?',
    setUp: 'Configurar…',
  },
  nobody: 'quem cuida do reconcile',
  safe: 'Nada se perde: o que você digitou fica na planilha e sai com a próxima execução que funcionar.',
  asking: 'Pedindo ao GitHub para iniciar uma execução…',
  time: {
    less: 'menos de um minuto',
    seconds: ['{number} segundo', '{number} segundos'],
    minutes: ['{number} minuto', '{number} minutos'],
    hours: ['{number} hora', '{number} horas'],
    days: ['{number} dia', '{number} dias'],
    few: 'alguns minutos',
    some: 'algum tempo',
    ago: 'há {span}',
  },
  started: {
    title: 'Iniciada',
    asked: 'Foi pedido ao GitHub que execute o programa agora.',
    next:
      'O que acontece depois: ele envia ao painel o que você mudou, traz o que é novo e responde ao lado de cada linha. ' +
      'Você pode continuar trabalhando.',
    long:
      'Quanto demora: normalmente alguns minutos, no máximo {limit}. Se já houver uma execução em andamento, esta espera ' +
      'primeiro que ela termine.',
    where: 'Onde ver a resposta: na coluna {sync} das suas linhas e em uma nova última linha da aba {runs}.',
  },
  startedDry: {
    title: 'Iniciada: uma execução de teste',
    asked:
      'Foi perguntado ao GitHub o que uma execução enviaria agora. Nada é enviado ao painel e nada é escrito nesta planilha.',
    long:
      'Quanto demora: normalmente alguns minutos. Se já houver uma execução em andamento, esta espera primeiro que ela ' +
      'termine.',
    where:
      'Onde ver a resposta: no GitHub, no resumo da execução mais recente. Para isso é preciso uma conta do GitHub que ' +
      'possa ver {repository}; se você não tiver, fale com {who}.',
    link: 'Abrir as execuções no GitHub',
  },
  underWay: {
    title: 'Já em andamento',
    atOnce:
      'Alguém está iniciando uma execução por este menu neste exato momento. Por favor, espere um minuto e olhe a coluna ' +
      '{sync} e a última linha da aba {runs}.',
    run:
      'Uma execução foi iniciada por este menu {ago}. A resposta aparece em {sync} e como nova última linha da aba {runs}.',
    dryRun:
      'Uma execução de teste foi iniciada por este menu {ago}. A resposta aparece no GitHub, no resumo da execução mais ' +
      'recente.',
    again: 'Outra pode ser iniciada daqui a {span}.',
  },
  notStarted: 'Não iniciada',
  notSetUp: {
    title: 'Ainda não configurado',
    text: '“{syncNow}” ainda não está configurado. Peça a {who} que escolha {menu} → {setUp}; leva cinco minutos.',
    without: 'Sem isso nada se perde: o programa é executado nos horários programados.',
  },
  expires: 'O token deste menu expira daqui a {span}. Peça a {who} que crie um novo.',
  expired: 'O token deste menu expira agora. Peça a {who} que crie um novo.',
  record: {
    github: 'Para {who}: o GitHub respondeu {status}',
    google: 'Para {who}: o serviço de scripts do Google disse',
  },
  broke: {
    title: 'Não funcionou',
    text:
      'O serviço de scripts do Google não fez o que este menu pediu. Escolha de novo daqui a um minuto; se continuar ' +
      'assim, fale com {who}.',
  },
  last: {
    noTab: 'Esta planilha não tem a aba “{runs}”. Peça a {who} que execute “reconcile init” mais uma vez.',
    noHeading: 'Na aba {runs} falta na linha 1 o cabeçalho {headings}. Peça a {who} que o coloque de volta.',
    noRun: 'O programa ainda não foi executado: a aba {runs} não tem nenhuma linha.',
    ended: 'A última execução nesta planilha terminou {when}: {result}.',
    unknown: 'em um momento desconhecido',
    noResult: 'sem resultado',
    did: 'Ela trouxe {rows}. O painel {accepted} e {declined}. {waiting}',
    rows: ['{number} linha', '{number} linhas'],
    accepted: ['aceitou {number} mudança', 'aceitou {number} mudanças'],
    declined: ['recusou {number}', 'recusou {number}'],
    look: '{waiting} por uma pessoa: procure em {sync} “{problem}”, “{refused}”, “{held}” e “{doubt}”.',
    waiting: ['{number} coisa espera', '{number} coisas esperam'],
    nothing: 'Nada espera por uma pessoa.',
    message: 'Nas palavras do programa: {message}',
    notAsked: 'Não se perguntou ao GitHub se há uma execução em andamento: não há token guardado ({menu} → {setUp}).',
    couldNotAsk: 'Não foi possível perguntar ao GitHub se há uma execução em andamento.',
    link: 'Abrir no GitHub',
  },
  newest: {
    none: 'O GitHub ainda não tem nenhuma execução deste fluxo de trabalho.',
    atWork: 'No GitHub há uma execução trabalhando agora; ela começou {ago}.',
    waits: 'No GitHub há uma execução esperando a sua vez; ela foi pedida {ago}.',
    success: 'A execução mais recente no GitHub terminou bem {ago}.',
    failure:
      'A execução mais recente no GitHub terminou {ago} e avisou que precisa de uma pessoa; as linhas acima dizem por quê.',
    early:
      'A execução mais recente no GitHub falhou {ago} sem deixar uma linha em {runs}: ela não chegou até esta planilha. ' +
      'Por favor, avise {who}.',
    cancelled:
      'A execução mais recente no GitHub foi cancelada {ago}: uma mais nova tomou o lugar dela na fila, ou alguém a parou.',
    timedOut:
      'A execução mais recente no GitHub foi parada {ago} porque demorou demais; a próxima continua dali. Se acontecer de ' +
      'novo, avise {who}.',
    skipped:
      'A execução mais recente no GitHub não fez nada, porque o repositório não tem a variável RECONCILE_SHEET. Por favor, ' +
      'avise {who}.',
    other: 'A execução mais recente no GitHub terminou {ago} como “{word}”. Por favor, avise {who}.',
  },
  form: {
    title: 'Configurar “Sincronizar agora”',
    repository: 'Repositório',
    repositoryHelp: 'proprietário/nome, ou o endereço dele em github.com',
    branch: 'Branch',
    branchHelp: 'normalmente main',
    contact: 'Com quem a equipe deve falar',
    contactHelp: 'um nome, como deve aparecer nas mensagens; pode ficar vazio',
    token: 'Token',
    tokenHelp: 'Do tipo “fine-grained”, só para este repositório, com “Actions: Read and write”. Não é mostrado de novo.',
    tokenStored: 'Já há um guardado. Deixe vazio para mantê-lo.',
    forget: 'Esquecer o token guardado',
    save: 'Salvar e testar',
  },
  problems: {
    repository: 'O repositório deve ter a forma proprietário/nome, ou ser o endereço dele em github.com.',
    branch: 'O nome do branch tem um caractere que um branch não pode ter.',
    classic:
      'Este token não é do tipo “fine-grained”: ele poderia fazer muito mais do que iniciar este programa. Crie um ' +
      '“fine-grained” só para este repositório e apague este no GitHub agora.',
    cut: 'O token não foi copiado inteiro: ele começa com github_pat_ e não tem espaços.',
    missing: 'Falta o token.',
  },
  notSaved: 'Não foi salvo',
  saved: {
    title: 'Salvo',
    broken: 'Salvo, mas ainda não funciona',
    text:
      'O GitHub conhece o fluxo de trabalho {workflow} de {repository}. Feche isto e escolha {menu} → {syncNow}: só assim ' +
      'se vê se o token pode iniciar uma execução.',
    forgotten: 'Aqui o token foi esquecido. Por favor, revogue-o também no GitHub: Settings → Developer settings.',
  },
  advice: {
    'Done': '',
    'Resolved by hand': '',
    'Restored': '',
    'Adopted': '',
    'Done, something is in doubt': 'Procure “{doubt}” em {sync}: verifique essas linhas no painel e escolha em “{unsure}”.',
    'Done, a limit holds rows':
      'Algumas linhas foram retidas, de propósito: coisas demais mudariam de uma vez. Elas estão na aba Aprovações. O resto foi ' +
      'feito. Se tiver dúvida, pergunte a {who}.',
    'Another run took over': 'Nada a fazer: a próxima execução continua dali.',
    'Try later':
      'Não foi possível chegar ao painel ou ao Google. A próxima execução tenta de novo; se disser o mesmo por uma hora, ' +
      'avise {who}.',
    'Access refused': 'O painel ou o Google não deixa mais o programa entrar. Por favor, avise {who} agora.',
    'Damaged': 'Algo na planilha ou no diário não está como deve; a mensagem diz o quê. Por favor, avise {who} agora.',
    'Failed': 'Por favor, avise {who} agora.',
  },
  failures: {
    token: {
      what: 'O GitHub não aceita o token: ele expirou, foi revogado ou não foi copiado inteiro.',
      todo: 'Peça a {who} que crie um token novo e que em {menu} → {setUp} o salve.',
    },
    forbidden: {
      what: 'O GitHub conhece o token, mas não o deixa trabalhar com as Actions de {repository}.',
      todo:
        'Peça a {who} que dê ao token a permissão de repositório “Actions: Read and write” e, se o repositório pertencer a ' +
        'uma organização, que consiga a aprovação lá.',
    },
    notFound: {
      what: 'O GitHub não mostra a este token nenhum fluxo de trabalho {workflow} em {repository}.',
      todo:
        'Peça a {who} que compare o nome do repositório em {menu} → {setUp} e que verifique se o token foi criado para ' +
        'este mesmo repositório.',
    },
    moved: {
      what: 'O repositório {repository} mudou de nome ou de lugar.',
      todo: 'Peça a {who} que em {menu} → {setUp} digite o nome novo.',
    },
    disabled: {
      what: 'O fluxo de trabalho está desativado no GitHub, então o programa também não é executado sozinho.',
      todo:
        'Peça a {who} que abra {page} e clique em “Enable workflow”. (Em um repositório público, o GitHub desativa sozinho ' +
        'os horários programados depois de 60 dias sem mudanças.)',
    },
    branch: {
      what: 'O repositório {repository} não tem nenhum branch “{branch}”.',
      todo: 'Peça a {who} que em {menu} → {setUp} corrija o branch.',
    },
    inputs: {
      what: 'O fluxo de trabalho do branch “{branch}” não conhece o que este menu lhe pede: ele é de outra versão.',
      todo: 'Peça a {who} que ponha o fluxo de trabalho e o script deste menu na mesma versão do reconcile.',
    },
    trigger: {
      what: 'O fluxo de trabalho do branch “{branch}” não pode ser iniciado à mão.',
      todo: 'Peça a {who} que ponha nesse branch o .github/workflows/{workflow} do próprio reconcile.',
    },
    unprocessable: {
      what: 'O GitHub entendeu a solicitação, mas não a aceitou.',
      todo: 'Fale com {who} e passe adiante a última linha desta mensagem.',
    },
    rate: {
      what: 'Por enquanto, o GitHub recebeu solicitações demais com este token.',
      todo: 'Espere {wait} e escolha de novo. Se isso acontecer muito, avise {who}.',
    },
    down: {
      what: 'O GitHub está com um problema próprio neste momento.',
      todo:
        'A execução pode ter começado mesmo assim: espere cinco minutos e procure uma linha nova na aba {runs}. Se não ' +
        'houver nenhuma, escolha de novo; iniciar duas vezes não faz mal. Se continuar assim por uma hora, avise {who}.',
      reading: 'Tente de novo daqui a cinco minutos. Se continuar assim por uma hora, avise {who}.',
    },
    offline: {
      what: 'O Google não conseguiu chegar ao GitHub.',
      todo:
        'A execução pode ter começado mesmo assim: espere cinco minutos e procure uma linha nova na aba {runs}. Se não ' +
        'houver nenhuma, escolha de novo; iniciar duas vezes não faz mal. Se continuar assim por uma hora, avise {who}.',
      reading: 'Tente de novo daqui a cinco minutos. Se continuar assim por uma hora, avise {who}.',
    },
    googleQuota: {
      what: 'O Google não permite hoje à sua conta mais solicitações de scripts.',
      todo: 'Deixe que um colega escolha, ou tente de novo amanhã. Se isso acontecer muito, avise {who}.',
    },
    notAllowed: {
      what: 'O Google ainda não deixa este menu chegar ao GitHub com a sua conta.',
      todo:
        'Escolha de novo e responda “Permitir” à pergunta do Google. Se não aparecer nenhuma pergunta, fale com {who}: ' +
        'talvez quem administra a sua organização tenha que permitir o script.',
    },
    odd: {
      what: 'O GitHub deu uma resposta que este menu não conhece.',
      todo: 'Fale com {who} e passe adiante a última linha desta mensagem.',
    },
  },
};

const TURKISH = {
  sheet: {
    runs: 'Çalışmalar',
    headers: {
      run: 'Çalışma',
      started: 'Başlangıç',
      finished: 'Bitiş',
      result: 'Sonuç',
      pulled: 'Gelen',
      pushed: 'Kabul edilen',
      refused: 'Reddedilen',
      needs_person: 'İlgi bekleyen',
      message: 'Mesaj',
    },
    sync: 'Yanıt',
    unsure: 'Emin değilseniz',
    marks: { problem: 'Lütfen kontrol edin', refused: 'Reddedildi', held: 'Durduruldu', doubt: 'Kesin değil' },
    results: {
      'Done': 'Tamam',
      'Resolved by hand': 'Elle çözüldü',
      'Restored': 'Geri yüklendi',
      'Adopted': 'Devralındı',
      'Done, something is in doubt': 'Tamam, ama kesin olmayan bir şey var',
      'Done, a limit holds rows': 'Bitti, bir sınır bazı satırları durdurdu',
      'Another run took over': 'Başka bir çalışma devraldı',
      'Try later': 'Sonra tekrar deneyin',
      'Access refused': 'Erişim reddedildi',
      'Damaged': 'Hasarlı',
      'Failed': 'Başarısız',
    },
  },
  numbers: { mark: '.', from: 1000, size: 3, singular: [1] },
  menu: {
    syncNow: 'Şimdi eşitle',
    dryRun: 'Ne gönderileceğini göster (deneme çalışması)',
    last: 'Son çalışmada ne oldu?',
    setUp: 'Kurulum…',
  },
  nobody: 'reconcile ile ilgilenen kişi',
  safe: 'Hiçbir şey kaybolmaz: yazdıklarınız tabloda durur ve başarılı olan ilk çalışmada gönderilir.',
  asking: 'GitHub’dan bir çalışma başlatması isteniyor…',
  time: {
    less: 'bir dakikadan kısa süre',
    seconds: ['{number} saniye', '{number} saniye'],
    minutes: ['{number} dakika', '{number} dakika'],
    hours: ['{number} saat', '{number} saat'],
    days: ['{number} gün', '{number} gün'],
    few: 'birkaç dakika',
    some: 'bir süre',
    ago: '{span} önce',
  },
  started: {
    title: 'Başlatıldı',
    asked: 'GitHub’dan programı şimdi çalıştırması istendi.',
    next:
      'Sonra ne olur: program, değiştirdiklerinizi panele gönderir, yeni olanları getirir ve her satırın yanında cevap ' +
      'verir. Siz çalışmaya devam edebilirsiniz.',
    long:
      'Ne kadar sürer: genellikle birkaç dakika, en fazla {limit}. Şu anda süren bir çalışma varsa önce onun bitmesi ' +
      'beklenir.',
    where: 'Yanıtı nerede görürsünüz: satırlarınızın {sync} sütununda ve {runs} sayfasının yeni son satırında.',
  },
  startedDry: {
    title: 'Başlatıldı: deneme çalışması',
    asked:
      'GitHub’a, bir çalışmanın şimdi ne göndereceği soruldu. Panele hiçbir şey gönderilmez, bu tabloya hiçbir şey yazılmaz.',
    long: 'Ne kadar sürer: genellikle birkaç dakika. Şu anda süren bir çalışma varsa önce onun bitmesi beklenir.',
    where:
      'Yanıtı nerede görürsünüz: GitHub’da, en yeni çalışmanın özetinde. Bunun için {repository} deposunu görebilen bir ' +
      'GitHub hesabı gerekir; hesabınız yoksa {who} ile konuşun.',
    link: 'Çalışmaları GitHub’da aç',
  },
  underWay: {
    title: 'Zaten başlatıldı',
    atOnce:
      'Tam şu anda biri bu menüden bir çalışma başlatıyor. Lütfen bir dakika bekleyin, sonra {sync} sütununa ve {runs} ' +
      'sayfasının son satırına bakın.',
    run: 'Bu menüden {ago} bir çalışma başlatıldı. Yanıtı {sync} altında ve {runs} sayfasının yeni son satırında görünür.',
    dryRun: 'Bu menüden {ago} bir deneme çalışması başlatıldı. Yanıtı GitHub’da, en yeni çalışmanın özetinde görünür.',
    again: '{span} sonra bir başkası başlatılabilir.',
  },
  notStarted: 'Başlatılmadı',
  notSetUp: {
    title: 'Henüz kurulmadı',
    text: '“{syncNow}” henüz kurulmadı. Lütfen {who} ile konuşun: {menu} → {setUp} seçeneğini açsın; beş dakika sürer.',
    without: 'Bu olmadan da hiçbir şey kaybolmaz: program kendi zamanlamasıyla çalışır.',
  },
  expires: 'Bu menünün token’ının süresi {span} içinde doluyor. {who} ile konuşun: yeni bir token oluştursun.',
  expired: 'Bu menünün token’ının süresi şu anda doluyor. {who} ile konuşun: yeni bir token oluştursun.',
  record: {
    github: '{who} için: GitHub’ın yanıtı {status}',
    google: '{who} için: Google’ın komut dosyası hizmetinin söylediği',
  },
  broke: {
    title: 'Bu olmadı',
    text:
      'Google’ın komut dosyası hizmeti bu menünün istediğini yapmadı. Bir dakika sonra yeniden seçin; böyle kalırsa {who} ' +
      'ile konuşun.',
  },
  last: {
    noTab: 'Bu tabloda “{runs}” sayfası yok. {who} ile konuşun: “reconcile init” komutunu bir kez daha çalıştırsın.',
    noHeading: '{runs} sayfasının 1. satırında şu başlık yok: {headings}. {who} ile konuşun: onu geri koysun.',
    noRun: 'Program henüz çalışmadı: {runs} sayfasında hiç satır yok.',
    ended: 'Bu tablodaki son çalışma {when} bitti: {result}.',
    unknown: 'bilinmeyen bir zamanda',
    noResult: 'sonuç yok',
    did: '{rows} getirdi. Panel {accepted}, {declined}. {waiting}',
    rows: ['{number} satır', '{number} satır'],
    accepted: ['{number} değişikliği kabul etti', '{number} değişikliği kabul etti'],
    declined: ['{number} değişikliği reddetti', '{number} değişikliği reddetti'],
    look: '{waiting} birinin bakmasını bekliyor: {sync} altında “{problem}”, “{refused}”, “{held}” ve “{doubt}” arayın.',
    waiting: ['{number} şey', '{number} şey'],
    nothing: 'Birinin bakmasını bekleyen bir şey yok.',
    message: 'Programın kendi sözleriyle: {message}',
    notAsked: 'GitHub’a, süren bir çalışma olup olmadığı sorulmadı: kayıtlı token yok ({menu} → {setUp}).',
    couldNotAsk: 'GitHub’a, süren bir çalışma olup olmadığı sorulamadı.',
    link: 'GitHub’da aç',
  },
  newest: {
    none: 'GitHub’da bu iş akışının henüz hiç çalışması yok.',
    atWork: 'GitHub’da şu anda bir çalışma sürüyor; {ago} başladı.',
    waits: 'GitHub’da bir çalışma sırasını bekliyor; {ago} istendi.',
    success: 'GitHub’daki en yeni çalışma {ago} başarıyla bitti.',
    failure:
      'GitHub’daki en yeni çalışma {ago} bitti ve birinin bakması gerektiğini bildirdi; nedenini yukarıdaki satırlar söyler.',
    early:
      'GitHub’daki en yeni çalışma {ago} başarısız oldu ve {runs} sayfasına satır yazmadı: bu tabloya kadar gelemedi. ' +
      'Lütfen {who} ile konuşun.',
    cancelled:
      'GitHub’daki en yeni çalışma {ago} iptal edildi: kuyrukta yerini daha yeni bir çalışma aldı ya da biri onu durdurdu.',
    timedOut:
      'GitHub’daki en yeni çalışma çok uzun sürdüğü için {ago} durduruldu; sonraki çalışma oradan devam eder. Bu yeniden ' +
      'olursa {who} ile konuşun.',
    skipped:
      'GitHub’daki en yeni çalışma hiçbir şey yapmadı, çünkü depoda RECONCILE_SHEET değişkeni yok. Lütfen {who} ile konuşun.',
    other: 'GitHub’daki en yeni çalışma {ago} “{word}” olarak bitti. Lütfen {who} ile konuşun.',
  },
  form: {
    title: '“Şimdi eşitle” kurulumu',
    repository: 'Depo',
    repositoryHelp: 'sahip/ad ya da github.com adresi',
    branch: 'Dal',
    branchHelp: 'genellikle main',
    contact: 'Çalışanlar kiminle konuşsun',
    contactHelp: 'mesajlarda göründüğü gibi bir ad; boş kalabilir',
    token: 'Token',
    tokenHelp: '“Fine-grained” türünde, yalnızca bu depo için, “Actions: Read and write” izniyle. Bir daha gösterilmez.',
    tokenStored: 'Kayıtlı bir tane var. Onu korumak için burayı boş bırakın.',
    forget: 'Kayıtlı token’ı unut',
    save: 'Kaydet ve dene',
  },
  problems: {
    repository: 'Depo, sahip/ad biçiminde olmalı ya da github.com adresi olmalı.',
    branch: 'Dalın adında, dal adlarında olamayacak bir karakter var.',
    classic:
      'Bu token “fine-grained” türünde değil: bu programı başlatmaktan çok daha fazlasını yapabilir. Yalnızca bu depo için ' +
      '“fine-grained” türünde bir tane oluşturun ve bunu GitHub’da şimdi silin.',
    cut: 'Token eksik kopyalandı: github_pat_ ile başlar ve içinde boşluk olmaz.',
    missing: 'Token eksik.',
  },
  notSaved: 'Kaydedilmedi',
  saved: {
    title: 'Kaydedildi',
    broken: 'Kaydedildi, ama henüz çalışmıyor',
    text:
      'GitHub, {repository} deposundaki {workflow} iş akışını tanıyor. Bunu kapatın ve {menu} → {syncNow} seçin: token’ın ' +
      'bir çalışma başlatıp başlatamayacağı ancak böyle görülür.',
    forgotten: 'Token burada unutuldu. Lütfen onu GitHub’da da iptal edin: Settings → Developer settings.',
  },
  advice: {
    'Done': '',
    'Resolved by hand': '',
    'Restored': '',
    'Adopted': '',
    'Done, something is in doubt':
      '{sync} altında “{doubt}” arayın: o satırları panelde kontrol edin, sonra “{unsure}” altında seçin.',
    'Done, a limit holds rows':
      'Bazı satırlar bilerek durduruldu: bir anda çok fazla şey değişecekti. Onaylar sayfasında listelendiler. Geri kalan her şey ' +
      'yapıldı. Emin değilseniz {who} ile konuşun.',
    'Another run took over': 'Yapılacak bir şey yok: sonraki çalışma oradan devam eder.',
    'Try later':
      'Panele veya Google’a ulaşılamadı. Sonraki çalışma yeniden dener; bir saat boyunca aynı şeyi söylerse {who} ile ' +
      'konuşun.',
    'Access refused': 'Panel veya Google artık programı içeri almıyor. Lütfen şimdi {who} ile konuşun.',
    'Damaged':
      'Tabloda veya günlükte bir şey olması gerektiği gibi değil; ne olduğunu mesaj söyler. Lütfen şimdi {who} ile konuşun.',
    'Failed': 'Lütfen şimdi {who} ile konuşun.',
  },
  failures: {
    token: {
      what: 'GitHub token’ı kabul etmiyor: süresi dolmuş, iptal edilmiş ya da eksik kopyalanmış.',
      todo: '{who} ile konuşun: yeni bir token oluştursun ve {menu} → {setUp} altında kaydetsin.',
    },
    forbidden: {
      what: 'GitHub token’ı tanıyor, ama {repository} deposundaki Actions ile çalışmasına izin vermiyor.',
      todo:
        '{who} ile konuşun: token’a “Actions: Read and write” depo iznini versin ve depo bir kuruluşa aitse token’ı orada ' +
        'onaylatsın.',
    },
    notFound: {
      what: 'GitHub bu token’a {repository} deposunda {workflow} iş akışını göstermiyor.',
      todo:
        '{who} ile konuşun: {menu} → {setUp} altındaki depo adını karşılaştırsın ve token’ın tam bu depo için ' +
        'oluşturulduğunu kontrol etsin.',
    },
    moved: {
      what: '{repository} deposunun adı değişmiş ya da depo taşınmış.',
      todo: '{who} ile konuşun: {menu} → {setUp} altında yeni adını yazsın.',
    },
    disabled: {
      what: 'İş akışı GitHub’da kapatılmış, bu yüzden program kendiliğinden de çalışmıyor.',
      todo:
        '{who} ile konuşun: {page} adresini açsın ve “Enable workflow” düğmesine bassın. (Herkese açık bir depoda GitHub, ' +
        '60 gün değişiklik olmazsa zamanlamayı kendiliğinden kapatır.)',
    },
    branch: {
      what: '{repository} deposunda “{branch}” dalı yok.',
      todo: '{who} ile konuşun: {menu} → {setUp} altında dalı düzeltsin.',
    },
    inputs: {
      what: '“{branch}” dalındaki iş akışı bu menünün istediğini tanımıyor: başka bir sürümden.',
      todo: '{who} ile konuşun: iş akışını ve bu menünün komut dosyasını aynı reconcile sürümüne getirsin.',
    },
    trigger: {
      what: '“{branch}” dalındaki iş akışı elle başlatılamıyor.',
      todo: '{who} ile konuşun: reconcile ile gelen .github/workflows/{workflow} dosyasını o dala koysun.',
    },
    unprocessable: {
      what: 'GitHub isteği anladı, ama kabul etmedi.',
      todo: '{who} ile konuşun ve bu mesajın son satırını iletin.',
    },
    rate: {
      what: 'GitHub bu token ile şimdilik çok fazla istek aldı.',
      todo: '{wait} bekleyin, sonra yeniden seçin. Bu sık olursa {who} ile konuşun.',
    },
    down: {
      what: 'Şu anda GitHub’ın kendisinde bir sorun var.',
      todo:
        'Çalışma yine de başlamış olabilir: beş dakika bekleyin ve {runs} sayfasında yeni bir satır arayın. Yoksa yeniden ' +
        'seçin; iki kez başlatmanın zararı olmaz. Bir saat boyunca böyle kalırsa {who} ile konuşun.',
      reading: 'Beş dakika sonra yeniden deneyin. Bir saat boyunca böyle kalırsa {who} ile konuşun.',
    },
    offline: {
      what: 'Google, GitHub’a ulaşamadı.',
      todo:
        'Çalışma yine de başlamış olabilir: beş dakika bekleyin ve {runs} sayfasında yeni bir satır arayın. Yoksa yeniden ' +
        'seçin; iki kez başlatmanın zararı olmaz. Bir saat boyunca böyle kalırsa {who} ile konuşun.',
      reading: 'Beş dakika sonra yeniden deneyin. Bir saat boyunca böyle kalırsa {who} ile konuşun.',
    },
    googleQuota: {
      what: 'Google bugün hesabınıza komut dosyalarından daha fazla istek izni vermiyor.',
      todo: 'Bir iş arkadaşınız seçsin ya da yarın yeniden deneyin. Bu sık olursa {who} ile konuşun.',
    },
    notAllowed: {
      what: 'Google, bu menünün sizin hesabınızla GitHub’a ulaşmasına henüz izin vermiyor.',
      todo:
        'Yeniden seçin ve Google’ın sorusuna “İzin ver” diye yanıt verin. Soru çıkmazsa {who} ile konuşun: kuruluşunuzun ' +
        'yöneticisinin komut dosyasına izin vermesi gerekebilir.',
    },
    odd: {
      what: 'GitHub, bu menünün bilmediği bir yanıt verdi.',
      todo: '{who} ile konuşun ve bu mesajın son satırını iletin.',
    },
  },
};

const HINDI = {
  sheet: {
    runs: 'रन',
    headers: {
      run: 'रन',
      started: 'शुरू',
      finished: 'समाप्त',
      result: 'नतीजा',
      pulled: 'लाए गए',
      pushed: 'स्वीकृत',
      refused: 'अस्वीकृत',
      needs_person: 'किसी को देखना है',
      message: 'संदेश',
    },
    sync: 'उत्तर',
    unsure: 'संदेह हो तो',
    marks: { problem: 'कृपया जाँचें', refused: 'अस्वीकृत', held: 'रोका गया', doubt: 'पक्का नहीं' },
    results: {
      'Done': 'पूरा',
      'Resolved by hand': 'हाथ से सुलझाया गया',
      'Restored': 'बहाल किया गया',
      'Adopted': 'अपनाया गया',
      'Done, something is in doubt': 'पूरा, पर कुछ पक्का नहीं',
      'Done, a limit holds rows': 'हो गया, कुछ पंक्तियाँ सीमा से रुकी हैं',
      'Another run took over': 'दूसरे रन ने काम सँभाला',
      'Try later': 'बाद में कोशिश करें',
      'Access refused': 'पहुँच नहीं मिली',
      'Damaged': 'क्षतिग्रस्त',
      'Failed': 'विफल',
    },
  },
  numbers: { mark: ',', from: 1000, size: 2, singular: [0, 1] },
  menu: {
    syncNow: 'अभी सिंक करें',
    dryRun: 'दिखाएँ कि क्या भेजा जाएगा (ट्रायल रन)',
    last: 'पिछली बार क्या हुआ?',
    setUp: 'सेट अप करें…',
  },
  nobody: 'reconcile सँभालने वाले',
  safe: 'कुछ भी खोता नहीं: आपने जो लिखा वह शीट में रहता है और अगले सफल रन में भेजा जाता है।',
  asking: 'GitHub से एक रन शुरू करने को कहा जा रहा है…',
  time: {
    less: 'एक मिनट से भी कम समय',
    seconds: ['{number} सेकंड', '{number} सेकंड'],
    minutes: ['{number} मिनट', '{number} मिनट'],
    hours: ['{number} घंटे', '{number} घंटे'],
    days: ['{number} दिन', '{number} दिन'],
    few: 'कुछ मिनट',
    some: 'कुछ समय',
    ago: '{span} पहले',
  },
  started: {
    title: 'शुरू किया गया',
    asked: 'GitHub से प्रोग्राम को अभी चलाने को कहा गया है।',
    next:
      'आगे क्या होगा: प्रोग्राम आपके बदलाव पैनल को भेजता है, जो नया है उसे लाता है, और हर पंक्ति के साथ जवाब देता है। आप ' +
      'काम जारी रख सकते हैं।',
    long:
      'कितना समय लगेगा: आम तौर पर कुछ मिनट, ज़्यादा से ज़्यादा {limit}। अगर कोई रन पहले से चल रहा है, तो यह पहले उसके पूरा ' +
      'होने का इंतज़ार करता है।',
    where: 'जवाब कहाँ दिखेगा: आपकी पंक्तियों के {sync} कॉलम में, और {runs} टैब की नई आख़िरी पंक्ति में।',
  },
  startedDry: {
    title: 'शुरू किया गया: ट्रायल रन',
    asked: 'GitHub से पूछा गया है कि कोई रन अभी क्या भेजेगा। पैनल को कुछ नहीं भेजा जाता और इस शीट में कुछ नहीं लिखा जाता।',
    long: 'कितना समय लगेगा: आम तौर पर कुछ मिनट। अगर कोई रन पहले से चल रहा है, तो यह पहले उसके पूरा होने का इंतज़ार करता है।',
    where:
      'जवाब कहाँ दिखेगा: GitHub पर, सबसे नए रन के सारांश में। इसके लिए ऐसा GitHub खाता चाहिए जो {repository} देख सके; आपके ' +
      'पास न हो, तो {who} से पूछें।',
    link: 'GitHub पर रन खोलें',
  },
  underWay: {
    title: 'पहले से चल रहा है',
    atOnce:
      'ठीक इसी समय कोई इस मेनू से एक रन शुरू कर रहा है। कृपया एक मिनट रुकें, फिर {sync} कॉलम और {runs} टैब की आख़िरी ' +
      'पंक्ति देखें।',
    run: 'इस मेनू से {ago} एक रन शुरू किया गया। उसका जवाब {sync} के नीचे और {runs} टैब की नई आख़िरी पंक्ति में आता है।',
    dryRun: 'इस मेनू से {ago} एक ट्रायल रन शुरू किया गया। उसका जवाब GitHub पर, सबसे नए रन के सारांश में आता है।',
    again: 'दूसरा {span} में शुरू किया जा सकता है।',
  },
  notStarted: 'शुरू नहीं हुआ',
  notSetUp: {
    title: 'अभी सेट अप नहीं है',
    text: '“{syncNow}” अभी सेट अप नहीं है। {who} से कहें कि {menu} → {setUp} चुनें; इसमें पाँच मिनट लगते हैं।',
    without: 'इसके बिना भी कुछ नहीं खोता: प्रोग्राम अपने तय समय पर चलता रहता है।',
  },
  expires: 'इस मेनू का टोकन {span} में समाप्त हो जाएगा। {who} से कहें कि नया टोकन बनाएँ।',
  expired: 'इस मेनू का टोकन अभी समाप्त हो रहा है। {who} से कहें कि नया टोकन बनाएँ।',
  record: { github: '{who} के लिए: GitHub का जवाब {status}', google: '{who} के लिए: Google की स्क्रिप्ट सेवा ने कहा' },
  broke: {
    title: 'यह नहीं हो पाया',
    text:
      'Google की स्क्रिप्ट सेवा ने वह नहीं किया जो इस मेनू ने माँगा। एक मिनट बाद फिर चुनें; ऐसा ही रहे तो {who} से पूछें।',
  },
  last: {
    noTab: 'इस शीट में “{runs}” टैब नहीं है। {who} से कहें कि “reconcile init” एक बार फिर चलाएँ।',
    noHeading: '{runs} टैब की पंक्ति 1 में यह शीर्षक नहीं है: {headings}। {who} से कहें कि इसे वापस लगाएँ।',
    noRun: 'प्रोग्राम अभी तक नहीं चला है: {runs} टैब में कोई पंक्ति नहीं है।',
    ended: 'इस शीट का आख़िरी रन {when} समाप्त हुआ: {result}।',
    unknown: 'किसी अज्ञात समय पर',
    noResult: 'कोई नतीजा नहीं',
    did: 'यह {rows} लाया। पैनल ने {accepted} और {declined}। {waiting}',
    rows: ['{number} पंक्ति', '{number} पंक्तियाँ'],
    accepted: ['{number} बदलाव स्वीकार किया', '{number} बदलाव स्वीकार किए'],
    declined: ['{number} अस्वीकार किया', '{number} अस्वीकार किए'],
    look: '{waiting}: {sync} के नीचे “{problem}”, “{refused}”, “{held}” और “{doubt}” खोजें।',
    waiting: ['{number} बात किसी के देखने का इंतज़ार कर रही है', '{number} बातें किसी के देखने का इंतज़ार कर रही हैं'],
    nothing: 'किसी के देखने के लिए कुछ बाक़ी नहीं है।',
    message: 'प्रोग्राम के अपने शब्दों में: {message}',
    notAsked: 'GitHub से नहीं पूछा गया कि कोई रन चल रहा है या नहीं: कोई टोकन सेट नहीं है ({menu} → {setUp})।',
    couldNotAsk: 'GitHub से पूछा नहीं जा सका कि कोई रन चल रहा है या नहीं।',
    link: 'इसे GitHub पर खोलें',
  },
  newest: {
    none: 'GitHub पर इस वर्कफ़्लो का अभी कोई रन नहीं है।',
    atWork: 'GitHub पर अभी एक रन काम कर रहा है; वह {ago} शुरू हुआ।',
    waits: 'GitHub पर एक रन अपनी बारी का इंतज़ार कर रहा है; वह {ago} माँगा गया था।',
    success: 'GitHub का सबसे नया रन {ago} ठीक से पूरा हुआ।',
    failure: 'GitHub का सबसे नया रन {ago} समाप्त हुआ और उसने बताया कि किसी को देखना है; कारण ऊपर की पंक्तियों में है।',
    early:
      'GitHub का सबसे नया रन {ago} {runs} टैब में पंक्ति लिखे बिना विफल हुआ: वह इस शीट तक नहीं पहुँचा। कृपया {who} को बताएँ।',
    cancelled:
      'GitHub का सबसे नया रन {ago} रद्द किया गया: क़तार में उसकी जगह किसी और नए रन ने ले ली, या किसी ने उसे रोक दिया।',
    timedOut:
      'GitHub का सबसे नया रन {ago} रोका गया क्योंकि उसमें बहुत समय लगा; अगला रन वहीं से आगे बढ़ता है। फिर ऐसा हो तो {who} ' +
      'को बताएँ।',
    skipped:
      'GitHub के सबसे नए रन ने कुछ नहीं किया, क्योंकि रिपॉज़िटरी में RECONCILE_SHEET वेरिएबल नहीं है। कृपया {who} को बताएँ।',
    other: 'GitHub का सबसे नया रन {ago} “{word}” के रूप में समाप्त हुआ। कृपया {who} को बताएँ।',
  },
  form: {
    title: '“अभी सिंक करें” का सेट अप',
    repository: 'रिपॉज़िटरी',
    repositoryHelp: 'मालिक/नाम, या github.com पर उसका पता',
    branch: 'ब्रांच',
    branchHelp: 'आम तौर पर main',
    contact: 'स्टाफ़ किससे पूछे',
    contactHelp: 'नाम, जैसा संदेशों में दिखना चाहिए; ख़ाली छोड़ सकते हैं',
    token: 'टोकन',
    tokenHelp:
      '“Fine-grained” प्रकार का, केवल इसी रिपॉज़िटरी के लिए, “Actions: Read and write” के साथ। इसे फिर नहीं दिखाया जाता।',
    tokenStored: 'एक टोकन सहेजा हुआ है। उसे रखने के लिए इसे ख़ाली छोड़ दें।',
    forget: 'सहेजा हुआ टोकन भुला दें',
    save: 'सहेजें और जाँचें',
  },
  problems: {
    repository: 'रिपॉज़िटरी मालिक/नाम के रूप में हो, या github.com पर उसका पता हो।',
    branch: 'ब्रांच के नाम में ऐसा अक्षर है जो ब्रांच के नाम में नहीं हो सकता।',
    classic:
      'यह “fine-grained” टोकन नहीं है: यह इस प्रोग्राम को शुरू करने से कहीं ज़्यादा कर सकता है। केवल इसी रिपॉज़िटरी के लिए ' +
      'एक “fine-grained” टोकन बनाएँ, और इसे GitHub पर अभी मिटा दें।',
    cut: 'टोकन पूरा कॉपी नहीं हुआ: वह github_pat_ से शुरू होता है और उसमें ख़ाली जगह नहीं होती।',
    missing: 'टोकन नहीं है।',
  },
  notSaved: 'सहेजा नहीं गया',
  saved: {
    title: 'सहेजा गया',
    broken: 'सहेजा गया, पर अभी काम नहीं करता',
    text:
      'GitHub {repository} का वर्कफ़्लो {workflow} जानता है। इसे बंद करें और {menu} → {syncNow} चुनें: उसी से पता चलता है ' +
      'कि टोकन रन शुरू कर सकता है या नहीं।',
    forgotten: 'यहाँ टोकन भुला दिया गया है। कृपया उसे GitHub पर भी रद्द करें: Settings → Developer settings।',
  },
  advice: {
    'Done': '',
    'Resolved by hand': '',
    'Restored': '',
    'Adopted': '',
    'Done, something is in doubt':
      '{sync} के नीचे “{doubt}” खोजें: वे पंक्तियाँ पैनल में जाँचें, फिर “{unsure}” के नीचे चुनें।',
    'Done, a limit holds rows':
      'कुछ पंक्तियाँ जान-बूझकर रोकी गईं: एक साथ बहुत कुछ बदल जाता। वे मंज़ूरी टैब में हैं। बाकी सब हो गया। पक्का न हो तो {who} से पूछें।',
    'Another run took over': 'कुछ करना नहीं है: अगला रन वहीं से आगे बढ़ता है।',
    'Try later':
      'पैनल या Google तक नहीं पहुँचा जा सका। अगला रन फिर कोशिश करता है; एक घंटे तक यही लिखा रहे तो {who} को बताएँ।',
    'Access refused': 'पैनल या Google अब प्रोग्राम को आने नहीं देता। कृपया अभी {who} को बताएँ।',
    'Damaged': 'शीट या जर्नल में कुछ वैसा नहीं है जैसा होना चाहिए; संदेश में लिखा है कि क्या। कृपया अभी {who} को बताएँ।',
    'Failed': 'कृपया अभी {who} को बताएँ।',
  },
  failures: {
    token: {
      what: 'GitHub टोकन स्वीकार नहीं करता: वह समाप्त हो गया, रद्द किया गया, या पूरा कॉपी नहीं हुआ।',
      todo: '{who} से कहें कि नया टोकन बनाएँ और उसे {menu} → {setUp} में डालें।',
    },
    forbidden: {
      what: 'GitHub टोकन को जानता है, पर उसे {repository} के Actions के साथ काम नहीं करने देता।',
      todo:
        '{who} से कहें कि टोकन को रिपॉज़िटरी की “Actions: Read and write” अनुमति दें और, अगर रिपॉज़िटरी किसी संगठन की है, ' +
        'तो वहाँ उसकी मंज़ूरी लें।',
    },
    notFound: {
      what: 'GitHub इस टोकन को {repository} में वर्कफ़्लो {workflow} नहीं दिखाता।',
      todo:
        '{who} से कहें कि {menu} → {setUp} में रिपॉज़िटरी का नाम मिलाएँ और जाँचें कि टोकन इसी रिपॉज़िटरी के लिए बनाया गया ' +
        'था।',
    },
    moved: {
      what: 'रिपॉज़िटरी {repository} का नाम या जगह बदल गई है।',
      todo: '{who} से कहें कि {menu} → {setUp} में उसका नया नाम डालें।',
    },
    disabled: {
      what: 'GitHub पर वर्कफ़्लो बंद है, इसलिए प्रोग्राम अपने आप भी नहीं चलता।',
      todo:
        '{who} से कहें कि {page} खोलें और “Enable workflow” दबाएँ। (सार्वजनिक रिपॉज़िटरी में 60 दिन तक कोई बदलाव न हो, तो ' +
        'GitHub तय समय पर चलाना अपने आप बंद कर देता है।)',
    },
    branch: {
      what: 'रिपॉज़िटरी {repository} में “{branch}” ब्रांच नहीं है।',
      todo: '{who} से कहें कि {menu} → {setUp} में ब्रांच ठीक करें।',
    },
    inputs: {
      what: '“{branch}” ब्रांच का वर्कफ़्लो नहीं जानता कि यह मेनू उससे क्या माँग रहा है: वह किसी दूसरे संस्करण का है।',
      todo: '{who} से कहें कि वर्कफ़्लो और इस मेनू की स्क्रिप्ट को reconcile के एक ही संस्करण पर लाएँ।',
    },
    trigger: {
      what: '“{branch}” ब्रांच का वर्कफ़्लो हाथ से शुरू नहीं किया जा सकता।',
      todo: '{who} से कहें कि reconcile का अपना .github/workflows/{workflow} उस ब्रांच पर रखें।',
    },
    unprocessable: {
      what: 'GitHub ने अनुरोध समझा, पर स्वीकार नहीं किया।',
      todo: '{who} से पूछें, और इस संदेश की आख़िरी पंक्ति उन्हें दें।',
    },
    rate: {
      what: 'GitHub को इस टोकन से अभी के लिए बहुत ज़्यादा अनुरोध मिल चुके हैं।',
      todo: '{wait} रुकें, फिर इसे दोबारा चुनें। अक्सर ऐसा हो तो {who} को बताएँ।',
    },
    down: {
      what: 'अभी GitHub में ही कोई समस्या है।',
      todo:
        'हो सकता है रन फिर भी शुरू हो गया हो: पाँच मिनट रुकें और {runs} टैब में नई पंक्ति देखें। न हो तो फिर से चुनें; दो ' +
        'बार शुरू करने से कोई नुक़सान नहीं। एक घंटे तक ऐसा ही रहे तो {who} को बताएँ।',
      reading: 'पाँच मिनट में फिर कोशिश करें। एक घंटे तक ऐसा ही रहे तो {who} को बताएँ।',
    },
    offline: {
      what: 'Google GitHub तक नहीं पहुँच सका।',
      todo:
        'हो सकता है रन फिर भी शुरू हो गया हो: पाँच मिनट रुकें और {runs} टैब में नई पंक्ति देखें। न हो तो फिर से चुनें; दो ' +
        'बार शुरू करने से कोई नुक़सान नहीं। एक घंटे तक ऐसा ही रहे तो {who} को बताएँ।',
      reading: 'पाँच मिनट में फिर कोशिश करें। एक घंटे तक ऐसा ही रहे तो {who} को बताएँ।',
    },
    googleQuota: {
      what: 'Google आज आपके खाते को स्क्रिप्ट से और अनुरोध नहीं करने देता।',
      todo: 'किसी सहकर्मी को इसे चुनने दें, या कल फिर कोशिश करें। अक्सर ऐसा हो तो {who} को बताएँ।',
    },
    notAllowed: {
      what: 'Google अभी इस मेनू को आपके खाते से GitHub तक नहीं पहुँचने देता।',
      todo:
        'इसे फिर चुनें और Google के सवाल पर “अनुमति दें” चुनें। कोई सवाल न आए तो {who} से पूछें: हो सकता है आपके संगठन के ' +
        'व्यवस्थापक को स्क्रिप्ट की अनुमति देनी पड़े।',
    },
    odd: {
      what: 'GitHub ने ऐसा जवाब दिया जो यह मेनू नहीं जानता।',
      todo: '{who} से पूछें, और इस संदेश की आख़िरी पंक्ति उन्हें दें।',
    },
  },
};

/** By the name the job has for the language. */
const LANGUAGES = { en: ENGLISH, es: SPANISH, pt: PORTUGUESE, tr: TURKISH, hi: HINDI };

/** What can go wrong, as judge_ and judgeThrown_ call it, and what a run can come to: the same keys in every language. */
const FAILURES = ENGLISH.failures;
const RESULT_ADVICE = ENGLISH.advice;
