// "Set up…": what may be typed, what is stored, and that the stored token never comes back to the page.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import vm from 'node:vm';
import { SET_UP, TOKEN, answers, plain, world } from './world.mjs';

const FORM = { repository: 'shop/orders', branch: '', contact: ' Maria ', token: TOKEN, forget: false };
const ACTIVE = answers(200, { state: 'active', path: '.github/workflows/sync.yml' });

test('a first set-up stores four values and asks GitHub for the workflow', () => {
  const { call, seen } = world({ properties: {}, fetch: ACTIVE });
  assert.deepEqual(plain(call('saveSetUp', FORM)), {
    title: 'Saved',
    text: [
      'GitHub knows the workflow sync.yml of shop/orders. Close this and choose reconcile → Sync now: only that shows whether the token may start a run.',
    ],
    link: null,
  });
  assert.deepEqual(seen.store, SET_UP);
  assert.deepEqual(seen.requests.map((one) => [one.options.method, one.url]), [
    ['get', 'https://api.github.com/repos/shop/orders/actions/workflows/sync.yml'],
  ]);
});

test('an empty token field keeps the stored token', () => {
  const { call, seen } = world({ fetch: ACTIVE });
  call('saveSetUp', { ...FORM, repository: 'https://github.com/shop/other', token: '' });
  assert.equal(seen.store.RECONCILE_GITHUB_TOKEN, TOKEN);
  assert.equal(seen.store.RECONCILE_REPOSITORY, 'shop/other');
});

test('a token can be forgotten', () => {
  const { call, seen } = world();
  const said = call('saveSetUp', { ...FORM, token: '', forget: true });
  assert.deepEqual(plain(said.text), ['The token is forgotten here. Please revoke it at GitHub, too: Settings → Developer settings.']);
  assert.equal('RECONCILE_GITHUB_TOKEN' in seen.store, false);
  assert.equal(seen.requests.length, 0);
});

const classic = ['ghp', 'a'.repeat(36)].join('_');
for (const [name, change, problems] of [
  ['no repository', { repository: 'orders' }, ['The repository must look like owner/name, or be its address at github.com.']],
  ['another host', { repository: 'https://gitlab.com/shop/orders' }, ['The repository must look like owner/name, or be its address at github.com.']],
  ['no branch that git knows', { branch: 'my branch' }, ['The branch’s name has a character that branches cannot have.']],
  ['no token', { token: '' }, ['The token is missing.']],
  ['half a token', { token: TOKEN.slice(0, 20) }, ['The token was not copied whole: it starts with github_pat_ and has no spaces.']],
  ['a classic token', { token: classic }, ['This is not a fine-grained token: it could do far more than start this job. Make a fine-grained one for this one repository, and delete this one at GitHub now.']],
  ['two mistakes', { repository: '', token: '' }, ['The repository must look like owner/name, or be its address at github.com.', 'The token is missing.']],
]) {
  test(`nothing is stored with ${name}`, () => {
    const { call, seen } = world({ properties: {} });
    assert.deepEqual(plain(call('saveSetUp', { ...FORM, ...change })), { title: 'Not saved', text: problems, link: null });
    assert.deepEqual([seen.store, seen.requests], [{}, []]);
  });
}

test('a repository is understood however it was copied', () => {
  const { call } = world();
  for (const typed of [
    'shop/orders', ' shop/orders ', 'https://github.com/shop/orders', 'http://www.github.com/shop/orders/',
    'https://github.com/shop/orders.git', 'git@github.com:shop/orders.git', 'https://github.com/shop/orders/actions?query=x',
    'https://github.com/shop/orders#readme',
  ]) assert.equal(call('repository_', typed), 'shop/orders', typed);
  for (const typed of ['', 'shop', 'shop/', '/orders', 'shop/..', 'sh op/orders', 'shop/ord ers', '../x', undefined, 'a/b%2f']) {
    assert.equal(call('repository_', typed), '', String(typed));
  }
});

test('a branch is understood, and main when nothing is typed', () => {
  const { call } = world();
  assert.deepEqual(
    ['', 'main', ' refs/heads/live ', 'a/b-c_1.2'].map((typed) => call('branch_', typed)),
    ['main', 'main', 'live', 'a/b-c_1.2'],
  );
  for (const typed of ['a b', 'a..b', '-x', '/x', 'x/', 'a~1', 'a:b', 'a?']) assert.equal(call('branch_', typed), '', typed);
});

for (const [name, fetch, text] of [
  ['a wrong token', answers(401, { message: 'Bad credentials' }), [
    'GitHub does not accept the token: it has expired, was revoked, or was not copied whole.',
    'Ask Maria to make a new token and to enter it under reconcile → Set up….',
    'For Maria: GitHub answered 401: Bad credentials']],
  ['a workflow that is switched off', answers(200, { state: 'disabled_inactivity' }), [
    'The workflow is switched off at GitHub, so the job does not run by itself either.',
    'Ask Maria to open https://github.com/shop/orders/actions/workflows/sync.yml and to press “Enable workflow”. (In a public repository GitHub switches a schedule off by itself after 60 days without a change.)',
    'For Maria: GitHub answered 200']],
]) {
  test(`saved, but told at once: ${name}`, () => {
    const { call } = world({ properties: {}, fetch });
    assert.deepEqual(plain(call('saveSetUp', FORM)), { title: 'Saved, but it does not work yet', text, link: null });
  });
}

test('the form shows what is stored, escaped, and never the token', () => {
  const { call, seen } = world({ properties: { ...SET_UP, RECONCILE_CONTACT: '"><script>x</script>' } });
  call('setUp');
  const [[title, html]] = seen.pages;
  assert.equal(title, 'Set up “Sync now”');
  assert.equal(html.includes(TOKEN), false);
  assert.ok(html.includes('value="&quot;&gt;&lt;script&gt;x&lt;/script&gt;"'));
  assert.ok(html.includes('<input name="token" type="password" autocomplete="off" spellcheck="false" value="">'));
  assert.ok(html.includes('One is stored. Leave this empty to keep it.'));
  assert.equal(html.split('<script>').length, 2);
});

test('the form’s own script sends what was typed, empties the token and shows the answer', () => {
  const { call, seen } = world({ properties: {} });
  call('setUp');
  const script = seen.pages[0][1].match(/<script>(.*)<\/script>/s)[1];
  const shown = [];
  let submit;
  let sent;
  let answer;
  const elements = {};
  for (const [name, value] of Object.entries(FORM)) if (name !== 'forget') elements[name] = { value };
  const parts = {
    form: { elements, addEventListener: (kind, work) => (submit = work) },
    save: { disabled: false },
    answer: { set textContent(text) { shown.length = 0; }, appendChild: (one) => shown.push(one.textContent) },
  };
  const runner = {
    withSuccessHandler: (work) => ((answer = work), runner),
    withFailureHandler: () => runner,
    saveSetUp: (filled) => (sent = filled),
  };
  vm.runInNewContext(script, {
    document: { getElementById: (id) => parts[id], createElement: () => ({}) },
    google: { script: { run: runner } },
  });
  let prevented = false;
  submit({ preventDefault: () => (prevented = true) });
  assert.deepEqual(plain([sent, prevented, parts.save.disabled, elements.token.value]), [FORM, true, true, '']);
  answer({ title: 'Saved', text: ['Good.'] });
  assert.deepEqual([shown, parts.save.disabled], [['Saved', 'Good.'], false]);
});
