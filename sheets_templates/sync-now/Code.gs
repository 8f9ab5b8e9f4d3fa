/**
 * The menu "reconcile" in the sheet: start the job now, see what it would send, read what happened last.
 *
 * README.md beside this file says how to set it up. Without it nothing else is lost: the job runs by its schedule.
 *
 * Functions whose name ends in _ cannot be called from a menu or a dialog. Those above the line "The shell" are pure:
 * they take and return plain data. The token is read in one place (settings_), sent to one host (GITHUB), and never
 * written into a cell, a log, a text or a page.
 */

const GITHUB = 'https://api.github.com/repos/';
const API_VERSION = '2022-11-28';
const WORKFLOW = 'sync.yml';
const TIME_LIMIT_MINUTES = 15; // the workflow's timeout-minutes
const DEBOUNCE_SECONDS = 60;
const EXPIRY_WARNING_DAYS = 14;
const TAIL_ROWS = 20; // how far above the sheet's last row the last run is looked for

const MENU = 'reconcile';
const NOBODY = 'the person who looks after reconcile';
const STARTED_KEY = 'reconcile.started';
const KEYS = {
  repository: 'RECONCILE_REPOSITORY',
  branch: 'RECONCILE_BRANCH',
  contact: 'RECONCILE_CONTACT',
  token: 'RECONCILE_GITHUB_TOKEN',
};

/** The tab the job writes one line per run into, as sheets_templates/runs.toml has it (a test compares them). */
const RUNS = {
  title: 'Runs',
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
};

/** What to do about each word the job writes under Result (a test compares them with the job's). */
const RESULT_ADVICE = {
  'Done': '',
  'Resolved by hand': '',
  'Done, something is in doubt':
    'Look for “Not sure” under Sync: check those rows at the panel, then choose in “If unsure”.',
  'Stopped by a limit':
    'No change was sent to the panel, on purpose: too much would have changed at once. Ask {who} to look at it first.',
  'Another run took over': 'Nothing to do: the next run goes on from there.',
  'Try later':
    'The panel or Google could not be reached. The next run tries again; if it says the same for an hour, tell {who}.',
  'Access refused': 'The panel or Google no longer lets the job in. Please tell {who} now.',
  'Damaged': 'Something about the sheet or the journal is not as it must be; the message says what. Please tell {who} now.',
  'Failed': 'Please tell {who} now.',
};

/**
 * Everything that can go wrong between here and GitHub. `what`: what happened. `todo`: who does what when a run was to be
 * started. `reading`: the same when a state was only to be read, where that differs.
 */
const FAILURES = {
  token: {
    what: 'GitHub does not accept the token: it has expired, was revoked, or was not copied whole.',
    todo: 'Ask {who} to make a new token and to enter it under {menu} → Set up….',
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
      'Ask {who} to compare the repository’s name under {menu} → Set up… and to check that the token was made for this ' +
      'very repository.',
  },
  moved: {
    what: 'The repository {repository} has been renamed or has moved.',
    todo: 'Ask {who} to enter its new name under {menu} → Set up….',
  },
  disabled: {
    what: 'The workflow is switched off at GitHub, so the job does not run by itself either.',
    todo:
      'Ask {who} to open {page} and to press “Enable workflow”. (In a public repository GitHub switches a schedule off by ' +
      'itself after 60 days without a change.)',
  },
  branch: {
    what: 'The repository {repository} has no branch “{branch}”.',
    todo: 'Ask {who} to correct the branch under {menu} → Set up….',
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
};

const SAFE = 'Nothing is lost: what you typed stays in the sheet and goes out with the next run that works.';

// --- Words --------------------------------------------------------------------------------------------------------------

/** `{name}` → values[name]; a name that is not in `values` is a mistake in a text and throws. */
function fill_(text, values) {
  return text.replace(/\{([a-z]+)\}/g, (whole, name) => {
    if (!Object.prototype.hasOwnProperty.call(values, name)) throw new Error('No value for ' + whole);
    return String(values[name]);
  });
}

/** 1 → "1 row", 1234 → "1,234 rows". */
function count_(number, one, many) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',') + ' ' + (number === 1 ? one : many);
}

/** Milliseconds → "3 minutes", from "less than a minute" to days, rounded down. */
function span_(ms) {
  const minutes = Math.floor(ms / 60000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return count_(minutes, 'minute', 'minutes');
  if (minutes < 48 * 60) return count_(Math.floor(minutes / 60), 'hour', 'hours');
  return count_(Math.floor(minutes / 60 / 24), 'day', 'days');
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

/** What the texts above may name. */
function names_(settings, wait) {
  return {
    who: settings.contact || NOBODY,
    menu: MENU,
    repository: settings.repository,
    branch: settings.branch,
    workflow: WORKFLOW,
    runs: RUNS.title,
    page: page_(settings),
    wait: wait || 'a few minutes',
  };
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
 * What the form says → {problems: [text], save: {property: value}, remove: [property]}. An empty token keeps the stored one.
 * `stored`: whether there is one.
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
  else problems.push('The repository must look like owner/name, or be its address at github.com.');
  if (branch) save[KEYS.branch] = branch;
  else problems.push('The branch’s name has a character that branches cannot have.');
  save[KEYS.contact] = contact;
  if (form.forget === true) remove.push(KEYS.token);
  else if (/^gh[a-z]_/.test(token)) {
    problems.push(
      'This is not a fine-grained token: it could do far more than start this job. Make a fine-grained one for this one ' +
        'repository, and delete this one at GitHub now.',
    );
  } else if (token && !/^github_pat_[A-Za-z0-9_]{20,}$/.test(token)) {
    problems.push('The token was not copied whole: it starts with github_pat_ and has no spaces.');
  } else if (token) save[KEYS.token] = token;
  else if (!stored) problems.push('The token is missing.');
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
function wait_(headers, now) {
  const after = Number(header_(headers, 'retry-after')) * 1000;
  const reset = Number(header_(headers, 'x-ratelimit-reset')) * 1000 - now;
  const ms = after > 0 ? after : header_(headers, 'x-ratelimit-remaining') === '0' && reset > 0 ? reset : 0;
  return ms > 0 ? count_(Math.ceil(ms / 60000), 'minute', 'minutes') : 'a few minutes';
}

/** "The token expires in 3 days …" when it does soon, otherwise "". `headers` of any answer that accepted it. */
function expiry_(headers, settings, now) {
  const found = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d) (UTC|([+-])(\d\d)(\d\d))$/.exec(
    header_(headers, 'github-authentication-token-expiration'),
  );
  if (!found) return '';
  const part = found.map(Number);
  const offset = found[8] ? (found[8] === '-' ? -1 : 1) * (part[9] * 60 + part[10]) : 0;
  const left = Date.UTC(part[1], part[2] - 1, part[3], part[4], part[5], part[6]) - offset * 60000 - now;
  if (left > EXPIRY_WARNING_DAYS * 86400000) return '';
  const when = left > 0 ? 'in ' + span_(left) : 'now';
  return fill_('The token for this menu expires ' + when + '. Ask {who} to make a new one.', names_(settings));
}

// --- Answers: {title, text: [paragraph], link: {text, url} or null} ---------------------------------------------------------

function answer_(title, text, link) {
  return { title: title, text: text.filter((line) => line), link: link || null };
}

function failure_(title, outcome, settings, now) {
  const failure = FAILURES[outcome.failure];
  const names = names_(settings, wait_(outcome.headers, now));
  return answer_(title, [fill_(failure.what, names), fill_(failure.todo, names), SAFE, record_(outcome, names.who)]);
}

/** The technical line, for whoever is asked for help. */
function record_(outcome, who) {
  const said = outcome.words ? ': ' + outcome.words : '';
  return 'For ' + who + ': ' + (outcome.status ? 'GitHub answered ' + outcome.status : 'Google’s script service said') + said;
}

function notSetUp_(settings) {
  const text = '“Sync now” is not set up yet. Ask {who} to choose {menu} → Set up…; it takes five minutes.';
  return answer_('Not set up yet', [fill_(text, names_(settings)), 'Without it nothing is lost: the job runs by its schedule.']);
}

function started_(dryRun, settings, expiry) {
  const names = names_(settings);
  if (!dryRun) {
    return answer_('Started', [
      'GitHub has been asked to run the job now.',
      'What happens next: it sends what you changed to the panel, brings in what is new, and answers next to each row. ' +
        'You can go on working.',
      'How long it takes: usually a few minutes, at most ' + TIME_LIMIT_MINUTES + '. If a run is under way already, this ' +
        'one waits for it first.',
      fill_('Where to see the answer: the Sync column of your rows, and a new last line in the tab {runs}.', names),
      expiry,
    ]);
  }
  return answer_(
    'Started: a dry run',
    [
      'GitHub has been asked what a run would send now. Nothing is sent to the panel and nothing is written into this sheet.',
      'How long it takes: usually a few minutes. If a run is under way already, this one waits for it first.',
      fill_(
        'Where to see the answer: at GitHub, in the summary of the newest run. That needs a GitHub account that may see ' +
          '{repository}; if you have none, ask {who}.',
        names,
      ),
      expiry,
    ],
    { text: 'Open the runs at GitHub', url: page_(settings) },
  );
}

/** `before`: {at, dryRun} of the start that is less than a minute old, null while somebody is starting one this instant. */
function underWay_(before, now) {
  if (!before) {
    return answer_('Already under way', [
      'Somebody is starting a run from this menu at this very moment. Please wait a minute, then look at the Sync column ' +
        'and the last line of the tab ' + RUNS.title + '.',
    ]);
  }
  const seconds = Math.max(0, Math.floor((now - before.at) / 1000));
  const what = before.dryRun ? 'A dry run' : 'A run';
  const where = before.dryRun
    ? 'Its answer comes at GitHub, in the summary of the newest run.'
    : 'Its answer comes under Sync and as a new last line in the tab ' + RUNS.title + '.';
  return answer_('Already under way', [
    what + ' was started from this menu ' + count_(seconds, 'second', 'seconds') + ' ago. ' + where,
    'Another one can be started in ' + count_(DEBOUNCE_SECONDS - seconds, 'second', 'seconds') + '.',
  ]);
}

/** The start that still counts, from what the cache holds; null when there is none. */
function lastStart_(cached, now) {
  const start = body_(cached);
  const age = now - start.at;
  return typeof start.at === 'number' && age >= 0 && age < DEBOUNCE_SECONDS * 1000 ? start : null;
}

// --- What happened last ---------------------------------------------------------------------------------------------------

/** A heading as it is compared: trimmed, inner white space as one space, case ignored. */
function fold_(text) {
  return String(text).normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
}

/** Header row → {places: {key: index}, missing: [header]}; columns may stand in any order. */
function columns_(row) {
  const folded = row.map(fold_);
  const places = {};
  const missing = [];
  Object.keys(RUNS.headers).forEach((key) => {
    places[key] = folded.indexOf(fold_(RUNS.headers[key]));
    if (places[key] < 0) missing.push(RUNS.headers[key]);
  });
  return { places: places, missing: missing };
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

/** What the Runs tab says, as paragraphs. `seen`: {tab: bool, missing: [header], run: a run or null} */
function runParagraphs_(seen, settings, now) {
  const names = names_(settings);
  if (!seen.tab) return [fill_('This sheet has no tab “{runs}”. Ask {who} to run “reconcile init” once more.', names)];
  if (seen.missing.length) {
    const listed = seen.missing.map((header) => '“' + header + '”').join(', ');
    return [fill_('The tab {runs} has no heading ', names) + listed + fill_(' in row 1. Ask {who} to put it back.', names)];
  }
  const run = seen.run;
  if (!run) return [fill_('The job has not run yet: the tab {runs} has no line.', names)];
  const ago = isNaN(run.finished) ? '' : span_(Math.max(0, now - run.finished)) + ' ago';
  const when = [ago, run.shown ? '(' + run.shown + ')' : ''].filter((part) => part).join(' ') || 'at an unknown time';
  const advice = Object.prototype.hasOwnProperty.call(RESULT_ADVICE, run.result) ? RESULT_ADVICE[run.result] : '';
  const waiting = run.needs
    ? count_(run.needs, 'thing waits', 'things wait') +
      ' for a person: look under Sync for “Please check”, “Refused”, “Held” and “Not sure”.'
    : 'Nothing waits for a person.';
  return [
    'The last run in this sheet ended ' + when + ': ' + (run.result || 'no result') + '.',
    'It brought in ' + count_(run.pulled, 'row', 'rows') + '. The panel accepted ' +
      count_(run.pushed, 'change', 'changes') + ' and refused ' + run.refused + '. ' + waiting,
    fill_(advice, names),
    run.message ? 'The job’s own words: ' + run.message : '',
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
function stateText_(run, finished, settings, now) {
  const names = names_(settings);
  if (!run) return 'GitHub has no run of this workflow yet.';
  const ago = (ms) => (isNaN(ms) ? 'some time' : span_(Math.max(0, now - ms))) + ' ago';
  if (run.status === 'in_progress') return 'At GitHub a run is at work now; it began ' + ago(run.began) + '.';
  if (run.status !== 'completed') return 'At GitHub a run waits for its turn; it was asked for ' + ago(run.began) + '.';
  const last = 'GitHub’s newest run ';
  if (run.conclusion === 'success') return last + 'ended well ' + ago(run.ended) + '.';
  if (run.conclusion === 'failure') {
    return finished >= run.began
      ? last + 'ended ' + ago(run.ended) + ' and marked itself as needing a person; the lines above say why.'
      : fill_(last + 'failed ' + ago(run.ended) + ' without a line in {runs}: it did not get as far as this sheet. ' +
          'Please tell {who}.', names);
  }
  if (run.conclusion === 'cancelled') {
    return last + 'was cancelled ' + ago(run.ended) + ': a newer one took its place in the queue, or somebody stopped it.';
  }
  if (run.conclusion === 'timed_out') {
    return fill_(last + 'was stopped ' + ago(run.ended) + ' because it took too long; the next one goes on from there. If ' +
      'this happens again, tell {who}.', names);
  }
  if (run.conclusion === 'skipped') {
    return fill_(last + 'did nothing, because the repository has no variable RECONCILE_SHEET. Please tell {who}.', names);
  }
  const word = scrub_(run.conclusion, settings.token);
  return last + 'ended ' + ago(run.ended) + ' as “' + word + '”. Please tell ' + names.who + '.';
}

/** Everything that is known, as one answer. `outcome`: what asking GitHub came to, null when there is no token. */
function whatHappened_(seen, outcome, settings, now) {
  const text = runParagraphs_(seen, settings, now);
  const names = names_(settings);
  if (!outcome) {
    text.push(fill_('GitHub was not asked whether a run is under way: no token is set ({menu} → Set up…).', names));
    return answer_('What happened last?', text);
  }
  if (outcome.failure) {
    const failure = FAILURES[outcome.failure];
    const values = names_(settings, wait_(outcome.headers, now));
    text.push('GitHub could not be asked whether a run is under way. ' + fill_(failure.what, values));
    text.push(fill_(failure.reading || failure.todo, values), record_(outcome, names.who));
    return answer_('What happened last?', text);
  }
  const run = newest_(outcome.text);
  const finished = seen.run ? seen.run.finished : NaN;
  text.push(stateText_(run, finished, settings, now), expiry_(outcome.headers, settings, now));
  const own = run && run.url.indexOf('https://github.com/' + settings.repository + '/') === 0;
  return answer_('What happened last?', text, { text: 'Open it at GitHub', url: own ? run.url : page_(settings) });
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
function setUpPage_(settings, stored) {
  const field = (name, label, help, value, kind) =>
    '<label>' + label + '<input name="' + name + '" type="' + kind + '" autocomplete="off" spellcheck="false" value="' +
    escape_(value) + '"><small>' + help + '</small></label>';
  const tokenHelp = stored
    ? 'One is stored. Leave this empty to keep it.'
    : 'Fine-grained, for this one repository, with “Actions: Read and write”. It is not shown again.';
  return (
    STYLE +
    '<form id="form">' +
    field('repository', 'Repository', 'owner/name, or its address at github.com', settings.repository, 'text') +
    field('branch', 'Branch', 'usually main', settings.branch, 'text') +
    field('contact', 'Whom staff should ask', 'a name, as it should stand in messages; may stay empty', settings.contact, 'text') +
    field('token', 'Token', tokenHelp, '', 'password') +
    (stored ? '<label><input name="forget" type="checkbox"> Forget the stored token</label>' : '') +
    '<p><button id="save">Save and test</button></p></form><div id="answer"></div>' +
    '<script>(' + setUpScript_.toString() + ')();</script>'
  );
}

/** Runs in the browser, inside the form's page. */
function setUpScript_() {
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
      .withFailureHandler((error) => show(['Not saved', error.message]))
      .saveSetUp(filled);
  });
}

// --- The shell: everything below talks to Google or to GitHub ------------------------------------------------------------------

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

/** The answer of `work`, or of the last line of defence: a person who chose a menu item is never left without one. */
function guarded_(work) {
  try {
    return work();
  } catch (error) {
    return answer_('That did not work', [
      'Google’s script service did not do what this menu asked for. Choose it again in a minute; if it stays like this, ask ' +
        NOBODY + '.',
      SAFE,
      record_({ status: 0, words: scrub_(error && error.message, '') }, NOBODY),
    ]);
  }
}

/** Starts one run at most: one start at a time, and none within a minute of another. → the answer to show */
function start_(dryRun) {
  const settings = settings_();
  if (!settings.repository || !settings.token) return notSetUp_(settings);
  const lock = LockService.getScriptLock();
  if (!lock.tryLock(1000)) return underWay_(null, now_());
  try {
    const cache = CacheService.getScriptCache();
    const before = lastStart_(cache.get(STARTED_KEY), now_());
    if (before) return underWay_(before, now_());
    SpreadsheetApp.getActive().toast('Asking GitHub to start a run…', MENU, 5);
    const outcome = ask_(dispatch_(settings, dryRun), settings.token);
    if (outcome.failure) return failure_('Not started', outcome, settings, now_());
    cache.put(STARTED_KEY, JSON.stringify({ at: now_(), dryRun: dryRun }), DEBOUNCE_SECONDS);
    return started_(dryRun, settings, expiry_(outcome.headers, settings, now_()));
  } finally {
    lock.releaseLock(); // before the answer is shown: a box that stays open would hold it
  }
}

/** Reads headings and the last rows of Runs. → {tab, missing, run} */
function seenRuns_() {
  const sheet = SpreadsheetApp.getActive().getSheetByName(RUNS.title);
  if (!sheet) return { tab: false, missing: [], run: null };
  const width = sheet.getLastColumn();
  const last = sheet.getLastRow();
  if (width < 1) return { tab: true, missing: Object.keys(RUNS.headers).map((key) => RUNS.headers[key]), run: null };
  const found = columns_(sheet.getRange(1, 1, 1, width).getDisplayValues()[0]);
  if (found.missing.length || last < 2) return { tab: true, missing: found.missing, run: null };
  const first = Math.max(2, last - TAIL_ROWS + 1);
  const range = sheet.getRange(first, 1, last - first + 1, width);
  return { tab: true, missing: [], run: lastRun_(found.places, range.getValues(), range.getDisplayValues()) };
}

/** Puts the menu up. A simple trigger: it may touch nothing that needs permission. */
function onOpen() {
  SpreadsheetApp.getUi()
    .createMenu(MENU)
    .addItem('Sync now', 'syncNow')
    .addItem('Show what would be sent (dry run)', 'showWhatWouldBeSent')
    .addItem('What happened last?', 'whatHappenedLast')
    .addSeparator()
    .addItem('Set up…', 'setUp')
    .addToUi();
}

function syncNow() {
  tell_(guarded_(() => start_(false)));
}

function showWhatWouldBeSent() {
  tell_(guarded_(() => start_(true)));
}

function whatHappenedLast() {
  tell_(
    guarded_(() => {
      const settings = settings_();
      const ready = settings.repository && settings.token;
      const outcome = ready ? ask_(request_(settings, '/runs?per_page=1', null), settings.token) : null;
      return whatHappened_(seenRuns_(), outcome, settings, now_());
    }),
  );
}

function setUp() {
  const settings = settings_();
  const page = HtmlService.createHtmlOutput(setUpPage_(settings, settings.token !== ''));
  SpreadsheetApp.getUi().showModalDialog(page.setWidth(460).setHeight(520), 'Set up “Sync now”');
}

/** Called by the form. Saves all of it or nothing, then asks GitHub for the workflow. → the answer to show in the form */
function saveSetUp(form) {
  return guarded_(() => {
    const properties = PropertiesService.getScriptProperties();
    const checked = checkForm_(form || {}, settings_().token !== '');
    if (checked.problems.length) return answer_('Not saved', checked.problems);
    properties.setProperties(checked.save, false);
    checked.remove.forEach((key) => properties.deleteProperty(key));
    const settings = settings_();
    if (!settings.token) {
      return answer_('Saved', ['The token is forgotten here. Please revoke it at GitHub, too: Settings → Developer settings.']);
    }
    const outcome = ask_(request_(settings, '', null), settings.token);
    const names = names_(settings, wait_(outcome.headers, now_()));
    const state = body_(outcome.text).state;
    if (!outcome.failure && state && state !== 'active') outcome.failure = 'disabled';
    if (outcome.failure) {
      const failure = FAILURES[outcome.failure];
      const todo = fill_(failure.reading || failure.todo, names);
      return answer_('Saved, but it does not work yet', [fill_(failure.what, names), todo, record_(outcome, names.who)]);
    }
    return answer_('Saved', [
      fill_('GitHub knows the workflow {workflow} of {repository}. Close this and choose {menu} → Sync now: only that shows ' +
        'whether the token may start a run.', names),
      expiry_(outcome.headers, settings, now_()),
    ]);
  });
}
