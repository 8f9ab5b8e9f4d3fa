// "What happened last?": the last line of Runs and GitHub's newest run, in words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEADINGS, NOW, SET_UP, answers, line, listed, plain, throws, world } from './world.mjs';

const LINK = '[Open it at GitHub](https://github.com/shop/orders/actions/runs/77)';
const DONE = line(12, 'Done', [1234, 5, 1, 2], 'Two orders are new.');

function last(options) {
  const made = world(options);
  made.call('whatHappenedLast');
  return made.said();
}

test('the last line of Runs, its advice, and the run at GitHub', () => {
  const made = world({
    runs: [HEADINGS, line(30, 'Failed'), DONE],
    fetch: answers(200, listed('in_progress', null, 2)),
  });
  made.call('whatHappenedLast');
  assert.equal(made.seen.requests[0].url, 'https://api.github.com/repos/shop/orders/actions/workflows/sync.yml/runs?per_page=1');
  assert.equal(made.seen.requests[0].options.method, 'get');
  assert.equal('payload' in made.seen.requests[0].options, false);
  assert.deepEqual(made.said(), [
    'What happened last?',
    'The last run in this sheet ended 12 minutes ago (2026-03-02 09:48): Done.',
    'It brought in 1,234 rows. The panel accepted 5 changes and refused 1. 2 things wait for a person: look under Sync for “Please check”, “Refused”, “Held” and “Not sure”.',
    'The job’s own words: Two orders are new.',
    'At GitHub a run is at work now; it began 2 minutes ago.',
    LINK,
  ]);
});

test('without a token only the sheet is read', () => {
  const made = world({ properties: {}, runs: [HEADINGS, line(0, 'Try later', [1, 1, 0, 0])] });
  made.call('whatHappenedLast');
  assert.equal(made.seen.requests.length, 0);
  assert.deepEqual(made.said(), [
    'What happened last?',
    'The last run in this sheet ended less than a minute ago (2026-03-02 10:00): Try later.',
    'It brought in 1 row. The panel accepted 1 change and refused 0. Nothing waits for a person.',
    'The panel or Google could not be reached. The next run tries again; if it says the same for an hour, tell the person who looks after reconcile.',
    'GitHub was not asked whether a run is under way: no token is set (reconcile → Set up…).',
  ]);
});

const OFF = { ...SET_UP, RECONCILE_GITHUB_TOKEN: '' };
const NOT_ASKED = 'GitHub was not asked whether a run is under way: no token is set (reconcile → Set up…).';

for (const [name, runs, said] of [
  ['no tab', null, 'This sheet has no tab “Runs”. Ask Maria to run “reconcile init” once more.'],
  ['headings only', [HEADINGS], 'The job has not run yet: the tab Runs has no line.'],
  ['an empty line', [HEADINGS, HEADINGS.map(() => '')], 'The job has not run yet: the tab Runs has no line.'],
  ['an empty tab', [], 'The tab Runs has no heading “Run”, “Started”, “Finished”, “Result”, “Pulled”, “Pushed”, “Refused”, “Needs a person”, “Message” in row 1. Ask Maria to put it back.'],
  ['a heading renamed', [HEADINGS.map((text) => (text === 'Result' ? 'Outcome' : text)), DONE], 'The tab Runs has no heading “Result” in row 1. Ask Maria to put it back.'],
]) {
  test(`the tab Runs with ${name}`, () => {
    assert.deepEqual(last({ properties: OFF, runs }), ['What happened last?', said, NOT_ASKED]);
  });
}

test('columns are found by heading, in any order and between others, in any case', () => {
  const order = [8, 3, 0, 2, 1, 7, 4, 5, 6];
  const moved = (row, own) => [own, ...order.map((index) => row[index])];
  const typed = HEADINGS.map((text) => ` ${text.toUpperCase().replace(/ /g, '  ').replace('RUN', 'Ｒｕｎ')}  `);
  const runs = [moved(typed, 'Ours'), moved(DONE, 'x')];
  assert.deepEqual(last({ properties: OFF, runs }), last({ properties: OFF, runs: [HEADINGS, DONE] }));
});

test('in a long tab only its end is read, and empty lines at the end do not hide the last run', () => {
  const runs = [HEADINGS, ...Array.from({ length: 500 }, (_, index) => line(1000 - index, 'Failed')), DONE, HEADINGS.map(() => ' ')];
  const made = world({ properties: OFF, runs });
  made.call('whatHappenedLast');
  assert.equal(made.seen.rowsRead, 21);
  assert.equal(made.said()[1], 'The last run in this sheet ended 12 minutes ago (2026-03-02 09:48): Done.');
});

test('a line with texts where dates and numbers belong is still told', () => {
  const runs = [HEADINGS, ['r1', 'x', 'yesterday', '', 'a', '', '', '', '']];
  assert.deepEqual(last({ properties: OFF, runs }), [
    'What happened last?',
    'The last run in this sheet ended (yesterday): no result.',
    'It brought in 0 rows. The panel accepted 0 changes and refused 0. Nothing waits for a person.',
    NOT_ASKED,
  ]);
});

const ADVICE = {
  'Done': undefined,
  'Resolved by hand': undefined,
  'constructor': undefined,
  'Done, something is in doubt': 'Look for “Not sure” under Sync: check those rows at the panel, then choose in “If unsure”.',
  'Done, a limit holds rows': 'Some rows were held back, on purpose: too much would have changed at once. They are listed in the tab Approvals. All else was done. If you are not sure about them, ask Maria.',
  'Another run took over': 'Nothing to do: the next run goes on from there.',
  'Access refused': 'The panel or Google no longer lets the job in. Please tell Maria now.',
  'Damaged': 'Something about the sheet or the journal is not as it must be; the message says what. Please tell Maria now.',
  'Failed': 'Please tell Maria now.',
};
for (const [result, advice] of Object.entries(ADVICE)) {
  test(`what to do after “${result}”`, () => {
    const said = last({ properties: OFF, runs: [HEADINGS, line(1, result)] });
    assert.deepEqual(said.slice(3), advice ? [advice, NOT_ASKED] : [NOT_ASKED]);
  });
}

for (const [name, body, said] of [
  ['none', { workflow_runs: [] }, 'GitHub has no run of this workflow yet.'],
  ['no JSON', '<html>', 'GitHub has no run of this workflow yet.'],
  ['queued', listed('queued', null, 3), 'At GitHub a run waits for its turn; it was asked for 3 minutes ago.'],
  ['pending', listed('pending', null, 1), 'At GitHub a run waits for its turn; it was asked for 1 minute ago.'],
  ['success', listed('completed', 'success', 100, 90), 'GitHub’s newest run ended well 1 hour ago.'],
  ['failure with a line', listed('completed', 'failure', 13, 11), 'GitHub’s newest run ended 11 minutes ago and marked itself as needing a person; the lines above say why.'],
  ['failure without a line', listed('completed', 'failure', 5, 4), 'GitHub’s newest run failed 4 minutes ago without a line in Runs: it did not get as far as this sheet. Please tell Maria.'],
  ['cancelled', listed('completed', 'cancelled', 5, 4), 'GitHub’s newest run was cancelled 4 minutes ago: a newer one took its place in the queue, or somebody stopped it.'],
  ['timed out', listed('completed', 'timed_out', 25, 10), 'GitHub’s newest run was stopped 10 minutes ago because it took too long; the next one goes on from there. If this happens again, tell Maria.'],
  ['skipped', listed('completed', 'skipped', 5, 4), 'GitHub’s newest run did nothing, because the repository has no variable RECONCILE_SHEET. Please tell Maria.'],
  ['something else', listed('completed', 'startup_failure', 5, 4), 'GitHub’s newest run ended 4 minutes ago as “startup_failure”. Please tell Maria.'],
  ['braces in a word', listed('completed', '{who} {x}', 5000, 4320), 'GitHub’s newest run ended 3 days ago as “{who} {x}”. Please tell Maria.'],
  ['dates missing', { workflow_runs: [{ status: 'completed', conclusion: 'success' }] }, 'GitHub’s newest run ended well some time ago.'],
]) {
  test(`GitHub’s newest run: ${name}`, () => {
    assert.equal(last({ runs: [HEADINGS, DONE], fetch: answers(200, body) })[4], said);
  });
}

test('a link that is not this repository’s own is not shown', () => {
  const body = listed('completed', 'success', 5, 4, { html_url: 'https://elsewhere.example/x' });
  assert.equal(
    last({ runs: [HEADINGS, DONE], fetch: answers(200, body) })[5],
    '[Open it at GitHub](https://github.com/shop/orders/actions/workflows/sync.yml)',
  );
});

for (const [name, fetch, lines] of [
  ['expired token', answers(401, { message: 'Bad credentials' }), [
    'GitHub could not be asked whether a run is under way. GitHub does not accept the token: it has expired, was revoked, or was not copied whole.',
    'Ask Maria to make a new token and to enter it under reconcile → Set up….',
    'For Maria: GitHub answered 401: Bad credentials']],
  ['a problem at GitHub', answers(500), [
    'GitHub could not be asked whether a run is under way. GitHub has a problem of its own right now.',
    'Try again in five minutes. If it stays like this for an hour, tell Maria.',
    'For Maria: GitHub answered 500']],
  ['no network', throws('Timeout'), [
    'GitHub could not be asked whether a run is under way. Google could not reach GitHub.',
    'Try again in five minutes. If it stays like this for an hour, tell Maria.',
    'For Maria: Google’s script service said: Timeout']],
]) {
  test(`the sheet is told even when GitHub cannot be asked: ${name}`, () => {
    const said = last({ runs: [HEADINGS, DONE], fetch });
    assert.equal(said[1], 'The last run in this sheet ended 12 minutes ago (2026-03-02 09:48): Done.');
    assert.deepEqual(said.slice(4), lines);
  });
}

test('what a sheet or GitHub says cannot become markup', () => {
  const made = world({
    runs: [HEADINGS, line(1, '<b>Done</b>', [0, 0, 0, 0], '<script>alert("x")</script>')],
    fetch: answers(200, listed('completed', "<img src='x'>", 1)),
  });
  made.call('whatHappenedLast');
  const [[, html]] = made.seen.pages;
  assert.equal(/<script|<img|<b>/.test(html), false);
  assert.equal(made.said()[3], 'The job’s own words: <script>alert("x")</script>');
});

test('spans of time', () => {
  const { call } = world();
  const minutes = [0, 1, 59, 60, 119, 120, 47 * 60, 48 * 60, 2000 * 24 * 60];
  assert.deepEqual(plain(minutes.map((one) => call('span_', one * 60000))), [
    'less than a minute', '1 minute', '59 minutes', '1 hour', '1 hour', '2 hours', '47 hours', '2 days', '2,000 days',
  ]);
  assert.equal(NOW, Date.UTC(2026, 2, 2, 10));
});
