// What the script is allowed to be: its public names, its language level, where it may send what.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SOURCE, TOKEN, answers, world } from './world.mjs';

test('only the menu, the form and the trigger can be called from outside', () => {
  const names = [...SOURCE.matchAll(/^function (\w+)/gm)].map((found) => found[1]);
  assert.deepEqual(
    names.filter((name) => !name.endsWith('_')),
    ['onOpen', 'syncNow', 'showWhatWouldBeSent', 'whatHappenedLast', 'setUp', 'saveSetUp'],
  );
});

test('the menu has its four items, and opening the sheet needs nothing but the menu', () => {
  const { call, seen } = world({ properties: {} });
  call('onOpen');
  assert.deepEqual(seen.menu, [
    [
      'reconcile',
      [
        ['Sync now', 'syncNow'],
        ['Show what would be sent (dry run)', 'showWhatWouldBeSent'],
        ['What happened last?', 'whatHappenedLast'],
        '—',
        ['Set up…', 'setUp'],
      ],
    ],
  ]);
  assert.deepEqual(seen.order, []);
});

test('it is ES2019, logs nothing, and fetches in one place', () => {
  assert.equal(/\?\.[A-Za-z_([]|\?\?|\.replaceAll|\.at\(|\bimport\b|\brequire\(/.test(SOURCE), false);
  assert.equal(/\bconsole\b|\bLogger\b|\beval\(/.test(SOURCE), false);
  assert.equal(SOURCE.split('UrlFetchApp.fetch(').length, 2);
  assert.equal(SOURCE.split('KEYS.token]').length, 3, 'the token is written by the form and read by settings_, nowhere else');
});

test('every text about a failure can be filled in, and names somebody to ask', () => {
  const { call, evaluate } = world();
  const names = call('names_', { repository: 'shop/orders', branch: 'main', contact: '', token: '' });
  for (const [key, failure] of Object.entries(evaluate('FAILURES'))) {
    for (const text of Object.values(failure)) assert.equal(/[{}]/.test(call('fill_', text, names)), false, key);
    assert.match(failure.todo, /\{who\}/, key);
  }
  for (const advice of Object.values(evaluate('RESULT_ADVICE'))) call('fill_', advice, names);
  assert.throws(() => call('fill_', 'Hello {nobody}', names), /No value for \{nobody\}/);
});

test('the token goes into one header of one host and is never shown, whatever GitHub sends back', () => {
  const echo = (status) => answers(status, { message: `you sent ${TOKEN} and ${TOKEN}x`, workflow_runs: [{ conclusion: TOKEN, status: 'completed' }] });
  for (const status of [200, 204, 302, 400, 401, 403, 404, 422, 429, 500]) {
    for (const name of ['syncNow', 'showWhatWouldBeSent', 'whatHappenedLast', 'setUp']) {
      const { call, seen } = world({ fetch: echo(status) });
      call(name);
      call('saveSetUp', { repository: 'shop/orders', branch: 'main', contact: TOKEN, token: '' });
      const outside = JSON.stringify([seen.alerts, seen.pages, seen.toasts, call('saveSetUp', { repository: 'a/b' })]);
      assert.equal(outside.includes(TOKEN), false, `${name} ${status}`);
      for (const { url, options } of seen.requests) {
        assert.ok(url.startsWith('https://api.github.com/repos/'), url);
        assert.equal(url.includes(TOKEN), false);
        assert.equal(options.headers.Authorization, `Bearer ${TOKEN}`);
        assert.equal(JSON.stringify({ ...options, headers: 0 }).includes(TOKEN), false);
        assert.equal(options.followRedirects, false);
        assert.equal(options.muteHttpExceptions, true);
      }
    }
  }
});

test('what GitHub says is shown on one line, cut, and without the token whatever that looks like', () => {
  const { call } = world();
  assert.equal(call('scrub_', ' two\n\nlines of key-of-ours\t', 'key-of-ours'), 'two lines of [hidden]');
  assert.equal(call('scrub_', 'x'.repeat(300), ''), 'x'.repeat(300));
  assert.equal(call('scrub_', 'x'.repeat(301), ''), `${'x'.repeat(299)}…`);
  assert.equal(call('scrub_', undefined, ''), '');
});

test('a failure of the script service itself is answered, too', () => {
  const { call, context, said } = world();
  context.PropertiesService = {
    getScriptProperties: () => {
      throw new Error(`We're sorry, a server error occurred. ${TOKEN}`);
    },
  };
  call('syncNow');
  assert.deepEqual(said(), [
    'That did not work',
    'Google’s script service did not do what this menu asked for. Choose it again in a minute; if it stays like this, ask the person who looks after reconcile.',
    'Nothing is lost: what you typed stays in the sheet and goes out with the next run that works.',
    "For the person who looks after reconcile: Google’s script service said: We're sorry, a server error occurred. [hidden]",
  ]);
});
