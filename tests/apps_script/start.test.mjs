// "Sync now" and the dry run: what is sent, what is said, and that a second click starts nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW, SET_UP, TOKEN, answers, plain, throws, world } from './world.mjs';

const SAFE = 'Nothing is lost: what you typed stays in the sheet and goes out with the next run that works.';

test('Sync now asks GitHub for one run and says what happens next', () => {
  const { call, seen, said } = world();
  call('syncNow');
  assert.deepEqual(plain(seen.requests), [
    {
      url: 'https://api.github.com/repos/shop/orders/actions/workflows/sync.yml/dispatches',
      options: {
        method: 'post',
        headers: {
          Authorization: `Bearer ${TOKEN}`,
          Accept: 'application/vnd.github+json',
          'X-GitHub-Api-Version': '2022-11-28',
        },
        muteHttpExceptions: true,
        followRedirects: false,
        validateHttpsCertificates: true,
        contentType: 'application/json',
        payload: '{"ref":"main","inputs":{"dry_run":"false"}}',
      },
    },
  ]);
  assert.deepEqual(seen.toasts, ['Asking GitHub to start a run…']);
  assert.deepEqual(said(), [
    'Started',
    'GitHub has been asked to run the job now.',
    'What happens next: it sends what you changed to the panel, brings in what is new, and answers next to each row. You can go on working.',
    'How long it takes: usually a few minutes, at most 15. If a run is under way already, this one waits for it first.',
    'Where to see the answer: the Sync column of your rows, and a new last line in the tab Runs.',
  ]);
});

test('the lock is given back before the answer is shown', () => {
  const { call, seen } = world();
  call('syncNow');
  assert.deepEqual(seen.order, ['lock', 'fetch', 'unlock', 'alert']);
});

test('the dry run says that nothing is sent and where its answer stands', () => {
  const { call, seen, said } = world({ fetch: answers(200, { workflow_run_id: 5 }) });
  call('showWhatWouldBeSent');
  assert.equal(seen.requests[0].options.payload, '{"ref":"main","inputs":{"dry_run":"true"}}');
  assert.deepEqual(said(), [
    'Started: a dry run',
    'GitHub has been asked what a run would send now. Nothing is sent to the panel and nothing is written into this sheet.',
    'How long it takes: usually a few minutes. If a run is under way already, this one waits for it first.',
    'Where to see the answer: at GitHub, in the summary of the newest run. That needs a GitHub account that may see shop/orders; if you have none, ask Maria.',
    '[Open the runs at GitHub](https://github.com/shop/orders/actions/workflows/sync.yml)',
  ]);
});

test('a second click within a minute starts nothing, after the minute it does', () => {
  const { call, seen } = world();
  call('syncNow');
  seen.now = NOW + 1000;
  call('showWhatWouldBeSent');
  seen.now = NOW + 59999;
  call('syncNow');
  assert.equal(seen.requests.length, 1);
  assert.deepEqual(seen.alerts.slice(1), [
    [
      'Already under way',
      'A run was started from this menu 1 second ago. Its answer comes under Sync and as a new last line in the tab Runs.\n\n' +
        'Another one can be started in 59 seconds.',
    ],
    [
      'Already under way',
      'A run was started from this menu 59 seconds ago. Its answer comes under Sync and as a new last line in the tab Runs.\n\n' +
        'Another one can be started in 1 second.',
    ],
  ]);
  seen.now = NOW + 60000;
  call('syncNow');
  assert.equal(seen.requests.length, 2);
});

test('after a dry run the second click says that it was one', () => {
  const { call, seen } = world();
  call('showWhatWouldBeSent');
  seen.now = NOW + 20000;
  call('syncNow');
  assert.deepEqual(seen.alerts, [
    [
      'Already under way',
      'A dry run was started from this menu 20 seconds ago. Its answer comes at GitHub, in the summary of the newest run.\n\n' +
        'Another one can be started in 40 seconds.',
    ],
  ]);
});

test('two people at the same instant start one run', () => {
  const { call, seen, said } = world({ locked: true });
  call('syncNow');
  assert.equal(seen.requests.length, 0);
  assert.deepEqual(said(), [
    'Already under way',
    'Somebody is starting a run from this menu at this very moment. Please wait a minute, then look at the Sync column and the last line of the tab Runs.',
  ]);
});

test('a start that failed does not block the next one', () => {
  let fails = true;
  const { call, seen } = world({ fetch: (url) => (fails ? answers(401) : answers(204))(url) });
  call('syncNow');
  fails = false;
  call('syncNow');
  assert.deepEqual(seen.alerts.map(([title]) => title), ['Not started', 'Started']);
});

for (const missing of ['RECONCILE_REPOSITORY', 'RECONCILE_GITHUB_TOKEN']) {
  test(`without ${missing} it says how to set it up and asks nobody`, () => {
    const { call, seen, said } = world({ properties: { ...SET_UP, RECONCILE_CONTACT: '', [missing]: '' } });
    call('syncNow');
    assert.equal(seen.requests.length, 0);
    assert.deepEqual(said(), [
      'Not set up yet',
      '“Sync now” is not set up yet. Ask the person who looks after reconcile to choose reconcile → Set up…; it takes five minutes.',
      'Without it nothing is lost: the job runs by its schedule.',
    ]);
  });
}

const WHEN_UNCLEAR =
  'The run may have started all the same: wait five minutes and look for a new line in the tab Runs. If there is none, choose it again; starting it twice does no harm. If it stays like this for an hour, tell Maria.';
const reset = String((NOW + 12.5 * 60000) / 1000);

const FAILURES = [
  ['expired token', answers(401, { message: 'Bad credentials' }),
    'GitHub does not accept the token: it has expired, was revoked, or was not copied whole.',
    'Ask Maria to make a new token and to enter it under reconcile → Set up….',
    'For Maria: GitHub answered 401: Bad credentials'],
  ['token without the permission', answers(403, { message: 'Resource not accessible by personal access token' }),
    'GitHub knows the token but does not let it work with the Actions of shop/orders.',
    'Ask Maria to give the token the repository permission “Actions: Read and write” and, where the repository belongs to an organisation, to have it approved there.',
    'For Maria: GitHub answered 403: Resource not accessible by personal access token'],
  ['wrong repository or workflow', answers(404, { message: 'Not Found' }),
    'GitHub shows this token no workflow sync.yml in shop/orders.',
    'Ask Maria to compare the repository’s name under reconcile → Set up… and to check that the token was made for this very repository.',
    'For Maria: GitHub answered 404: Not Found'],
  ['renamed repository', answers(307, { message: 'Temporary Redirect' }),
    'The repository shop/orders has been renamed or has moved.',
    'Ask Maria to enter its new name under reconcile → Set up….',
    'For Maria: GitHub answered 307: Temporary Redirect'],
  ['wrong branch', answers(422, { message: 'No ref found for: main' }),
    'The repository shop/orders has no branch “main”.',
    'Ask Maria to correct the branch under reconcile → Set up….',
    'For Maria: GitHub answered 422: No ref found for: main'],
  ['unknown inputs', answers(422, { message: 'Unexpected inputs provided: ["dry_run"]' }),
    'The workflow on the branch “main” does not know what this menu asks it for: it is from another version.',
    'Ask Maria to bring the workflow and this menu’s script to the same version of reconcile.',
    'For Maria: GitHub answered 422: Unexpected inputs provided: ["dry_run"]'],
  ['workflow without workflow_dispatch', answers(422, { message: "Workflow does not have 'workflow_dispatch' trigger" }),
    'The workflow on the branch “main” cannot be started by hand.',
    'Ask Maria to put reconcile’s own .github/workflows/sync.yml on that branch.',
    "For Maria: GitHub answered 422: Workflow does not have 'workflow_dispatch' trigger"],
  ['disabled workflow', answers(422, { message: "Cannot trigger a 'workflow_dispatch' on a disabled workflow" }),
    'The workflow is switched off at GitHub, so the job does not run by itself either.',
    'Ask Maria to open https://github.com/shop/orders/actions/workflows/sync.yml and to press “Enable workflow”. (In a public repository GitHub switches a schedule off by itself after 60 days without a change.)',
    "For Maria: GitHub answered 422: Cannot trigger a 'workflow_dispatch' on a disabled workflow"],
  ['another 422', answers(422, { message: 'Validation Failed' }),
    'GitHub understood the request but did not accept it.',
    'Ask Maria, and pass on the last line of this message.',
    'For Maria: GitHub answered 422: Validation Failed'],
  ['429 with a time', answers(429, {}, { 'Retry-After': '61' }),
    'GitHub has had too many requests with this token for now.',
    'Wait 2 minutes, then choose it again. If this happens often, tell Maria.',
    'For Maria: GitHub answered 429'],
  ['used-up hour, as 403', answers(403, { message: 'Forbidden' }, { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': reset }),
    'GitHub has had too many requests with this token for now.',
    'Wait 13 minutes, then choose it again. If this happens often, tell Maria.',
    'For Maria: GitHub answered 403: Forbidden'],
  ['secondary limit, as 403', answers(403, { message: 'You have exceeded a secondary rate limit.' }),
    'GitHub has had too many requests with this token for now.',
    'Wait a few minutes, then choose it again. If this happens often, tell Maria.',
    'For Maria: GitHub answered 403: You have exceeded a secondary rate limit.'],
  ['502 with a page', answers(502, '<html>Bad Gateway</html>'),
    'GitHub has a problem of its own right now.', WHEN_UNCLEAR, 'For Maria: GitHub answered 502'],
  ['503', answers(503, { message: 'Service Unavailable' }),
    'GitHub has a problem of its own right now.', WHEN_UNCLEAR, 'For Maria: GitHub answered 503: Service Unavailable'],
  ['an answer nobody knows', answers(418, 'null'),
    'GitHub gave an answer that this menu does not know.',
    'Ask Maria, and pass on the last line of this message.', 'For Maria: GitHub answered 418'],
  ['no network', throws('Address unavailable: https://api.github.com/repos/shop/orders'),
    'Google could not reach GitHub.', WHEN_UNCLEAR,
    'For Maria: Google’s script service said: Address unavailable: https://api.github.com/repos/shop/orders'],
  ['Google’s own quota', throws('Service invoked too many times for one day: urlfetch.'),
    'Google allows your account no more requests from scripts today.',
    'Let a colleague choose it, or try again tomorrow. If this happens often, tell Maria.',
    'For Maria: Google’s script service said: Service invoked too many times for one day: urlfetch.'],
  ['not yet allowed', throws('You do not have permission to call UrlFetchApp.fetch.'),
    'Google does not yet let this menu reach GitHub for your account.',
    'Choose it again and answer Google’s question with “Allow”. If no question appears, ask Maria: your organisation’s administrator may have to allow the script.',
    'For Maria: Google’s script service said: You do not have permission to call UrlFetchApp.fetch.'],
];

for (const [name, fetch, what, todo, record] of FAILURES) {
  test(`not started, ${name}: plain words, who does what, and that nothing is lost`, () => {
    const { call, seen, said } = world({ fetch });
    call('syncNow');
    assert.equal(seen.requests.length, 1, 'it is not tried again by itself');
    assert.deepEqual(said(), ['Not started', what, todo, SAFE, record]);
  });
}

test('every kind of failure is shown by one of the cases above', () => {
  const { evaluate } = world();
  const shown = new Set(FAILURES.map((one) => one[2]));
  assert.equal(shown.size, Object.keys(evaluate('FAILURES')).length);
});

for (const [header, expected] of [
  ['2026-03-05 10:00:00 UTC', 'The token for this menu expires in 3 days. Ask Maria to make a new one.'],
  ['2026-03-02 12:30:00 +0200', 'The token for this menu expires in 30 minutes. Ask Maria to make a new one.'],
  ['2026-03-02 05:00:00 -0700', 'The token for this menu expires in 2 hours. Ask Maria to make a new one.'],
  ['2026-03-02 10:00:00 UTC', 'The token for this menu expires now. Ask Maria to make a new one.'],
  ['2026-03-17 10:00:00 UTC', undefined],
  ['soon', undefined],
]) {
  test(`a token that expires ${header}`, () => {
    const { call, said } = world({ fetch: answers(204, '', { 'GitHub-Authentication-Token-Expiration': header }) });
    call('syncNow');
    assert.equal(said()[5], expected);
  });
}
