// The menu speaks the sheet's language: which one that is, that every answer is told in it, and a few answers whole.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import vm from 'node:vm';
import { HEADINGS, NOW, SET_UP, TOKEN, answers, line, listed, paragraphs, plain, throws, world } from './world.mjs';

const LANGUAGES = world().evaluate('LANGUAGES');
const OTHERS = Object.keys(LANGUAGES).filter((code) => code !== 'en');
const headings = (code) => Object.values(LANGUAGES[code].sheet.headers);

/** A sheet in the language `code`; `rows`: of its tab for runs, below the headings. */
function sheet(code, { rows = [], ...options } = {}) {
  return world({ runs: null, tabs: { [LANGUAGES[code].sheet.runs]: [headings(code), ...rows] }, ...options });
}

// --- which language ---------------------------------------------------------------------------------------------------------

/** The language the menu is put up in. */
function menuOf(made) {
  made.call('onOpen');
  assert.equal(made.seen.menu.length, 1);
  const [[name, items]] = made.seen.menu;
  assert.equal(name, 'reconcile');
  const texts = items.filter((item) => item !== '—').map(([text]) => text);
  return Object.keys(LANGUAGES).find((code) => JSON.stringify(Object.values(LANGUAGES[code].menu)) === JSON.stringify(texts));
}

for (const code of Object.keys(LANGUAGES)) {
  test(`the title of the tab for runs tells the language, without reading a cell: ${code}`, () => {
    const made = sheet(code);
    assert.equal(menuOf(made), code);
    assert.equal(made.seen.rowsRead, 0);
  });
}

for (const [name, tabs, code] of [
  ['none of the tabs: English', {}, 'en'],
  ['somebody’s own tab beside the English one', { Runs: [HEADINGS], Ejecuciones: [['Notas', 'Resultado']] }, 'en'],
  ['somebody’s own tab Runs in a Spanish sheet', { Runs: [['Result', 'Runner']], Ejecuciones: [headings('es')] }, 'es'],
  ['an empty tab Runs in a Hindi sheet', { Runs: [], [LANGUAGES.hi.sheet.runs]: [headings('hi')] }, 'hi'],
  ['a heading renamed, and a tab that has one of another language',
    { Execuções: [headings('pt').map((text) => (text === 'Fim' ? 'Final' : text))], Ejecuciones: [['Resultado']] }, 'pt'],
  ['Turkish headings in capitals', { Runs: [['Run']], Çalışmalar: [headings('tr').map((text) => text.toLocaleUpperCase('tr'))] }, 'tr'],
]) {
  test(`several tabs, decided by their headings: ${name}`, () => {
    assert.equal(menuOf(world({ runs: null, tabs })), code);
  });
}

test('the menu is there, in English, when Google does not let it read the sheet', () => {
  for (const open of [() => null, throws('Service Spreadsheets failed')]) {
    const made = sheet('es');
    made.context.SpreadsheetApp.getActive = open;
    assert.equal(menuOf(made), 'en');
  }
});

test('opening the sheet asks for nothing that needs permission', () => {
  const made = world({ tabs: { Ejecuciones: [headings('es')] } }); // two tabs: it reads headings, too
  for (const name of ['PropertiesService', 'CacheService', 'LockService', 'UrlFetchApp', 'HtmlService']) made.context[name] = undefined;
  assert.equal(menuOf(made), 'en');
});

test('a heading in capitals or in small letters is found, with the dots of a Turkish i or without', () => {
  for (const typed of [(text) => text.toLocaleUpperCase('tr'), (text) => text.toUpperCase(), (text) => text.toLocaleLowerCase('tr')]) {
    const runs = { Çalışmalar: [headings('tr').map(typed), line(12, 'Tamam')] };
    const made = world({ runs: null, tabs: runs, properties: {} });
    made.call('whatHappenedLast');
    assert.equal(made.said()[1], 'Bu tablodaki son çalışma 12 dakika önce (2026-03-02 09:48) bitti: Tamam.');
  }
});

// --- every answer ------------------------------------------------------------------------------------------------------------

const OWN_WORDS = ['too many times', 'no permission', 'Timeout', 'No ref found', 'Unexpected inputs', 'does not have a trigger', 'disabled workflow'];
const says = (message) => ({ message });
const REFUSALS = [
  answers(401), answers(403), answers(404), answers(307), answers(418), answers(500), answers(422),
  answers(422, says('disabled workflow')), answers(422, says('No ref found')), answers(422, says('Unexpected inputs')),
  answers(422, says('does not have a trigger')), answers(429), answers(429, '', { 'Retry-After': '61' }), answers(429, '', { 'Retry-After': '9' }),
  throws('Timeout'), throws('too many times'), throws('no permission'),
];
const expiring = (at) => answers(204, '', { 'GitHub-Authentication-Token-Expiration': at });
const OFF = { ...SET_UP, RECONCILE_GITHUB_TOKEN: '' };
const FORM = { repository: 'shop/orders', branch: '', contact: '', token: TOKEN, forget: false };

/** Every text a person can read in a sheet of the language `code`. */
function walk(code) {
  const { sheet: own } = LANGUAGES[code];
  const texts = [];
  const collect = ({ seen }) => {
    texts.push(...seen.toasts, ...seen.alerts.flatMap(([title, text]) => [title, ...text.split('\n\n')]));
    texts.push(...seen.menu.flatMap(([, items]) => items.map((item) => item[0])));
    for (const [title, html] of seen.pages) {
      texts.push(title, ...paragraphs(html).map((one) => one.replace(/\((https:.*?)\)$/, '')).filter((one) => !one.startsWith('<button')));
      const form = html.replace(/<(style|script)>.*?<\/\1>/gs, '');
      if (html.includes('<form')) texts.push(...form.split(/<[^>]*>/).map((one) => one.trim()).filter((one) => one));
    }
  };
  const choose = (item, options) => {
    const made = sheet(code, options);
    made.call(item);
    collect(made);
    return made;
  };
  const save = (form, options) => {
    const { title, text } = plain(sheet(code, options).call('saveSetUp', { ...FORM, ...form }));
    texts.push(title, ...text);
  };

  choose('onOpen');
  for (const properties of [SET_UP, OFF, { ...OFF, RECONCILE_CONTACT: '' }]) {
    for (const item of ['syncNow', 'showWhatWouldBeSent', 'whatHappenedLast', 'setUp']) choose(item, { properties });
  }
  for (const fetch of REFUSALS) {
    for (const item of ['syncNow', 'whatHappenedLast']) choose(item, { fetch });
    save({}, { fetch });
  }
  for (const at of ['2026-03-04 12:00:00 UTC', '2026-03-02 11:30:00 UTC', '2026-03-02 10:00:30 UTC', '2026-03-01 10:00:00 UTC']) {
    choose('syncNow', { fetch: expiring(at) });
  }
  choose('syncNow', { locked: true });
  for (const first of ['syncNow', 'showWhatWouldBeSent']) {
    for (const seconds of [0, 1, 59]) {
      const made = sheet(code);
      made.call(first);
      made.seen.now += seconds * 1000;
      made.call('syncNow');
      collect(made);
    }
  }
  for (const result of ['', 'ZZ', ...Object.values(own.results)]) choose('whatHappenedLast', { properties: OFF, rows: [line(1, result)] });
  for (const count of [0, 1, 2, 5, 1234, 123456]) {
    choose('whatHappenedLast', { properties: OFF, rows: [line(2, own.results.Done, [count, count, count, count], 'ZZ')] });
  }
  for (const minutes of [0, 1, 2, 60, 120, 2880]) choose('whatHappenedLast', { properties: OFF, rows: [line(minutes, own.results.Done)] });
  for (const finished of ['', 'ZZ']) choose('whatHappenedLast', { properties: OFF, rows: [['r1', '', finished, '', '', '', '', '', '']] });
  choose('whatHappenedLast', { properties: OFF, tabs: { [own.runs]: [headings(code).slice(1)] } });
  choose('whatHappenedLast', { properties: OFF, tabs: { [own.runs]: [] } });
  for (const conclusion of ['success', 'failure', 'cancelled', 'timed_out', 'skipped', 'zz']) {
    for (const ended of [3, 90]) choose('whatHappenedLast', { fetch: answers(200, listed('completed', conclusion, 100, ended)), rows: [line(4, own.results.Done)] });
    choose('whatHappenedLast', { fetch: answers(200, listed('completed', conclusion, 3)), rows: [line(90, own.results.Done)] });
    choose('whatHappenedLast', { fetch: answers(200, { workflow_runs: [{ status: 'completed', conclusion }] }) });
  }
  for (const status of ['in_progress', 'queued']) choose('whatHappenedLast', { fetch: answers(200, listed(status, null, 2)) });
  const gone = sheet(code); // the tab is deleted between two looks: with no such tab, the menu speaks English
  texts.push(...plain(vm.runInContext(`runParagraphs_({ tab: false, missing: [], run: null }, settings_(), now_(), LANGUAGES.${code})`, gone.context)));
  const broken = sheet(code);
  broken.context.PropertiesService = { getScriptProperties: throws('Timeout') };
  broken.call('syncNow');
  collect(broken);
  for (const form of [{ repository: '' }, { branch: 'a b' }, { token: '' }, { token: 'github_pat_1' }, { token: ['ghp', '1'].join('_') }]) {
    save(form, { properties: {} });
  }
  save({}, { fetch: answers(200, { state: 'active' }) });
  save({}, { fetch: answers(200, { state: 'disabled_manually' }) });
  save({ forget: true });
  return texts;
}

/** [path, text] of every text in a table that is the menu's own, not the sheet's. */
function* leaves(value, path = '') {
  if (typeof value === 'string') yield [path, value];
  else for (const [key, one] of Object.entries(value)) if (!['sheet', 'numbers'].includes(key)) yield* leaves(one, `${path}/${key}`);
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const pattern = (text) => new RegExp(escaped(text).replace(/\\\{[a-zA-Z]+\\\}/g, '.*'));
const WALKS = Object.fromEntries(Object.keys(LANGUAGES).map((code) => [code, walk(code)]));

for (const [code, texts] of Object.entries(WALKS)) {
  test(`every text of the table is said somewhere: ${code}`, () => {
    const unsaid = [...leaves(LANGUAGES[code])].filter(([, text]) => text && !texts.some((shown) => pattern(text).test(shown)));
    assert.deepEqual(unsaid, []);
  });

  test(`every answer is a whole text: ${code}`, () => {
    const wrong = texts.filter((text) => /[{}]|undefined|NaN|\[object|null| {2}| [.,;:!?।](?!github)|^\s|\s$/.test(text) || text === '');
    assert.deepEqual(wrong, []);
  });
}

/** What GitHub, git and the job call things stays English in every language; the rest are the test's own data. */
const NAMES = [
  ...OWN_WORDS, 'Actions: Read and write', 'Enable workflow', 'Settings → Developer settings', '“Fine-grained”', '“fine-grained”', 'Actions',
  'RECONCILE_SHEET', 'reconcile init', 'reconcile', 'github_pat_', 'github.com', '.github/workflows/sync.yml', 'GitHub', 'Google', 'main',
  'https://github.com/shop/orders/actions/workflows/sync.yml', 'sync.yml', 'shop/orders', 'Maria', 'ZZ', 'zz',
].sort((one, other) => other.length - one.length);
/** Words that are the same in English. */
const SHARED = {
  es: ['compare', 'panel', 'script', 'scripts', 'token', 'variable'],
  pt: ['branch', 'compare', 'menu', 'script', 'scripts', 'token'],
  tr: ['panel', 'token'],
  hi: [],
};
const wordsOf = (text) => text.replace(/\{[a-zA-Z]+\}/g, ' ').toLowerCase().match(/\p{L}{3,}/gu) || [];
const withoutNames = (text) => NAMES.reduce((left, name) => left.split(name).join(' '), text);

for (const code of OTHERS) {
  test(`no English word leaks into an answer: ${code}`, () => {
    const english = new Set([...leaves(LANGUAGES.en)].flatMap(([, text]) => wordsOf(withoutNames(text))));
    for (const word of ['runs', 'sync', 'done', 'held', 'refused', 'unsure', 'failed']) english.add(word);
    assert.ok(english.size > 200);
    const leaked = new Set(WALKS[code].flatMap((text) => wordsOf(withoutNames(text))).filter((word) => english.has(word)));
    assert.deepEqual([...leaked].sort(), SHARED[code]);
  });
}

test('Hindi answers are in Devanagari, but for names', () => {
  assert.deepEqual(WALKS.hi.map(withoutNames).filter((text) => /[A-Za-z]/.test(text)), []);
});

test('what stays English for GitHub’s sake is the same in every language', () => {
  const kept = (code) => NAMES.filter((name) => !/^“|^main$|^github|^GitHub|^Google/.test(name) && WALKS[code].some((text) => text.includes(name)));
  for (const code of OTHERS) assert.deepEqual(kept(code), kept('en'));
});

// --- numbers -----------------------------------------------------------------------------------------------------------------

for (const [code, expected] of Object.entries({
  en: ['0 rows', '1 row', '2 rows', '1,234 rows', '1,234,567 rows'],
  es: ['0 filas', '1 fila', '2 filas', '1234 filas', '1\u00a0234\u00a0567 filas'],
  pt: ['0 linha', '1 linha', '2 linhas', '1.234 linhas', '1.234.567 linhas'],
  tr: ['0 satır', '1 satır', '2 satır', '1.234 satır', '1.234.567 satır'],
  hi: ['0 पंक्ति', '1 पंक्ति', '2 पंक्तियाँ', '1,234 पंक्तियाँ', '12,34,567 पंक्तियाँ'],
})) {
  test(`counts as the language writes them: ${code}`, () => {
    const { call, context } = world();
    const say = vm.runInContext(`LANGUAGES.${code}`, context);
    assert.deepEqual([0, 1, 2, 1234, 1234567].map((count) => call('count_', count, say.last.rows, say)), expected);
  });
}

test('every count of a run is written alike', () => {
  const made = sheet('en', { properties: OFF, rows: [line(1, 'Done', [1234, 1234, 1234, 1234])] });
  made.call('whatHappenedLast');
  assert.equal(
    made.said()[2],
    'It brought in 1,234 rows. The panel accepted 1,234 changes and refused 1,234. 1,234 things wait for a person: look under Sync for “Please check”, “Refused”, “Held” and “Not sure”.',
  );
});

for (const [code, expected] of Object.entries({
  es: ['hace menos de un minuto', 'hace 1 minuto', 'hace 2 minutos', 'hace 1 hora', 'hace 2 horas', 'hace 2 días'],
  pt: ['há menos de um minuto', 'há 1 minuto', 'há 2 minutos', 'há 1 hora', 'há 2 horas', 'há 2 dias'],
  tr: ['bir dakikadan kısa süre önce', '1 dakika önce', '2 dakika önce', '1 saat önce', '2 saat önce', '2 gün önce'],
  hi: ['एक मिनट से भी कम समय पहले', '1 मिनट पहले', '2 मिनट पहले', '1 घंटे पहले', '2 घंटे पहले', '2 दिन पहले'],
})) {
  test(`spans of time: ${code}`, () => {
    const { call, context } = world();
    const say = vm.runInContext(`LANGUAGES.${code}`, context);
    assert.deepEqual([0, 1, 2, 60, 120, 2880].map((minutes) => call('ago_', NOW - minutes * 60000, NOW, say)), expected);
  });
}

test('no Turkish plural stands after a number', () => {
  assert.deepEqual(WALKS.tr.filter((text) => /\d \p{L}+l[ae]r(?!\p{L})/u.test(text)), []);
});

// --- a few answers whole -------------------------------------------------------------------------------------------------------

const OPEN = '(https://github.com/shop/orders/actions/runs/77)';
const WHOLE = {
  es: {
    menu: ['Sincronizar ahora', 'Mostrar qué se enviaría (ejecución de prueba)', '¿Qué pasó la última vez?', 'Configurar…'],
    started: [
      'Iniciada',
      'Se ha pedido a GitHub que ejecute el programa ahora.',
      'Qué pasa después: envía al panel lo que usted cambió, trae lo nuevo y contesta al lado de cada fila. Usted puede seguir trabajando.',
      'Cuánto tarda: normalmente unos minutos, como mucho 15. Si ya hay una ejecución en marcha, esta espera primero a que termine.',
      'Dónde ver la respuesta: en la columna Respuesta de sus filas y en una nueva última línea de la hoja Ejecuciones.',
      'El token de este menú caduca dentro de 3 días. Pida a Maria que cree uno nuevo.',
    ],
    refused: [
      'No se inició',
      'GitHub no acepta el token: caducó, se revocó o no se copió entero.',
      'Pida a Maria que cree un token nuevo y que en reconcile → Configurar… lo guarde.',
      'No se pierde nada: lo que usted escribió sigue en la hoja y sale con la próxima ejecución que funcione.',
      'Para Maria: GitHub respondió 401: Bad credentials',
    ],
    last: [
      '¿Qué pasó la última vez?',
      'La última ejecución anotada aquí terminó hace 12 minutos (2026-03-02 09:48): Hecho, pero algo está en duda.',
      'Trajo 1234 filas. El panel aceptó 5 cambios y rechazó 1. 2 asuntos esperan a una persona: busque en Respuesta “Revise esto”, “Rechazado”, “Retenido” y “Sin confirmar”.',
      'Busque “Sin confirmar” en Respuesta: compruebe esas filas en el panel y elija en “En caso de duda”.',
      'En palabras del programa: …',
      'En GitHub hay una ejecución trabajando ahora; empezó hace 2 minutos.',
      `[Abrirla en GitHub]${OPEN}`,
    ],
    second: [
      'Ya está en marcha',
      'Se inició una ejecución de prueba desde este menú hace 20 segundos. Su respuesta aparece en GitHub, en el resumen de la ejecución más reciente.',
      'Se puede iniciar otra dentro de 40 segundos.',
    ],
    form: [
      'Configurar “Sincronizar ahora”',
      'Repositorio', 'propietario/nombre, o su dirección en github.com', 'Rama', 'normalmente main',
      'A quién debe preguntar el personal', 'un nombre, tal como debe aparecer en los mensajes; puede quedar vacío',
      'Token', 'Hay uno guardado. Deje esto vacío para conservarlo.', 'Olvidar el token guardado', 'Guardar y probar',
    ],
  },
  pt: {
    menu: ['Sincronizar agora', 'Mostrar o que seria enviado (execução de teste)', 'O que aconteceu da última vez?', 'Configurar…'],
    started: [
      'Iniciada',
      'Foi pedido ao GitHub que execute o programa agora.',
      'O que acontece depois: ele envia ao painel o que você mudou, traz o que é novo e responde ao lado de cada linha. Você pode continuar trabalhando.',
      'Quanto demora: normalmente alguns minutos, no máximo 15. Se já houver uma execução em andamento, esta espera primeiro que ela termine.',
      'Onde ver a resposta: na coluna Resposta das suas linhas e em uma nova última linha da aba Execuções.',
      'O token deste menu expira daqui a 3 dias. Peça a Maria que crie um novo.',
    ],
    refused: [
      'Não iniciada',
      'O GitHub não aceita o token: ele expirou, foi revogado ou não foi copiado inteiro.',
      'Peça a Maria que crie um token novo e que em reconcile → Configurar… o salve.',
      'Nada se perde: o que você digitou fica na planilha e sai com a próxima execução que funcionar.',
      'Para Maria: o GitHub respondeu 401: Bad credentials',
    ],
    last: [
      'O que aconteceu da última vez?',
      'A última execução nesta planilha terminou há 12 minutos (2026-03-02 09:48): Feito, mas há algo em dúvida.',
      'Ela trouxe 1.234 linhas. O painel aceitou 5 mudanças e recusou 1. 2 coisas esperam por uma pessoa: procure em Resposta “Verifique”, “Recusado”, “Retido” e “Sem confirmação”.',
      'Procure “Sem confirmação” em Resposta: verifique essas linhas no painel e escolha em “Em caso de dúvida”.',
      'Nas palavras do programa: …',
      'No GitHub há uma execução trabalhando agora; ela começou há 2 minutos.',
      `[Abrir no GitHub]${OPEN}`,
    ],
    second: [
      'Já em andamento',
      'Uma execução de teste foi iniciada por este menu há 20 segundos. A resposta aparece no GitHub, no resumo da execução mais recente.',
      'Outra pode ser iniciada daqui a 40 segundos.',
    ],
    form: [
      'Configurar “Sincronizar agora”',
      'Repositório', 'proprietário/nome, ou o endereço dele em github.com', 'Branch', 'normalmente main',
      'Com quem a equipe deve falar', 'um nome, como deve aparecer nas mensagens; pode ficar vazio',
      'Token', 'Já há um guardado. Deixe vazio para mantê-lo.', 'Esquecer o token guardado', 'Salvar e testar',
    ],
  },
  tr: {
    menu: ['Şimdi eşitle', 'Ne gönderileceğini göster (deneme çalışması)', 'Son çalışmada ne oldu?', 'Kurulum…'],
    started: [
      'Başlatıldı',
      'GitHub’dan programı şimdi çalıştırması istendi.',
      'Sonra ne olur: program, değiştirdiklerinizi panele gönderir, yeni olanları getirir ve her satırın yanında cevap verir. Siz çalışmaya devam edebilirsiniz.',
      'Ne kadar sürer: genellikle birkaç dakika, en fazla 15. Şu anda süren bir çalışma varsa önce onun bitmesi beklenir.',
      'Yanıtı nerede görürsünüz: satırlarınızın Yanıt sütununda ve Çalışmalar sayfasının yeni son satırında.',
      'Bu menünün token’ının süresi 3 gün içinde doluyor. Maria ile konuşun: yeni bir token oluştursun.',
    ],
    refused: [
      'Başlatılmadı',
      'GitHub token’ı kabul etmiyor: süresi dolmuş, iptal edilmiş ya da eksik kopyalanmış.',
      'Maria ile konuşun: yeni bir token oluştursun ve reconcile → Kurulum… altında kaydetsin.',
      'Hiçbir şey kaybolmaz: yazdıklarınız tabloda durur ve başarılı olan ilk çalışmada gönderilir.',
      'Maria için: GitHub’ın yanıtı 401: Bad credentials',
    ],
    last: [
      'Son çalışmada ne oldu?',
      'Bu tablodaki son çalışma 12 dakika önce (2026-03-02 09:48) bitti: Tamam, ama kesin olmayan bir şey var.',
      '1.234 satır getirdi. Panel 5 değişikliği kabul etti, 1 değişikliği reddetti. 2 şey birinin bakmasını bekliyor: Yanıt altında “Lütfen kontrol edin”, “Reddedildi”, “Durduruldu” ve “Kesin değil” arayın.',
      'Yanıt altında “Kesin değil” arayın: o satırları panelde kontrol edin, sonra “Emin değilseniz” altında seçin.',
      'Programın kendi sözleriyle: …',
      'GitHub’da şu anda bir çalışma sürüyor; 2 dakika önce başladı.',
      `[GitHub’da aç]${OPEN}`,
    ],
    second: [
      'Zaten başlatıldı',
      'Bu menüden 20 saniye önce bir deneme çalışması başlatıldı. Yanıtı GitHub’da, en yeni çalışmanın özetinde görünür.',
      '40 saniye sonra bir başkası başlatılabilir.',
    ],
    form: [
      '“Şimdi eşitle” kurulumu',
      'Depo', 'sahip/ad ya da github.com adresi', 'Dal', 'genellikle main',
      'Çalışanlar kiminle konuşsun', 'mesajlarda göründüğü gibi bir ad; boş kalabilir',
      'Token', 'Kayıtlı bir tane var. Onu korumak için burayı boş bırakın.', 'Kayıtlı token’ı unut', 'Kaydet ve dene',
    ],
  },
  hi: {
    menu: ['अभी सिंक करें', 'दिखाएँ कि क्या भेजा जाएगा (ट्रायल रन)', 'पिछली बार क्या हुआ?', 'सेट अप करें…'],
    started: [
      'शुरू किया गया',
      'GitHub से प्रोग्राम को अभी चलाने को कहा गया है।',
      'आगे क्या होगा: प्रोग्राम आपके बदलाव पैनल को भेजता है, जो नया है उसे लाता है, और हर पंक्ति के साथ जवाब देता है। आप काम जारी रख सकते हैं।',
      'कितना समय लगेगा: आम तौर पर कुछ मिनट, ज़्यादा से ज़्यादा 15। अगर कोई रन पहले से चल रहा है, तो यह पहले उसके पूरा होने का इंतज़ार करता है।',
      'जवाब कहाँ दिखेगा: आपकी पंक्तियों के उत्तर कॉलम में, और रन टैब की नई आख़िरी पंक्ति में।',
      'इस मेनू का टोकन 3 दिन में समाप्त हो जाएगा। Maria से कहें कि नया टोकन बनाएँ।',
    ],
    refused: [
      'शुरू नहीं हुआ',
      'GitHub टोकन स्वीकार नहीं करता: वह समाप्त हो गया, रद्द किया गया, या पूरा कॉपी नहीं हुआ।',
      'Maria से कहें कि नया टोकन बनाएँ और उसे reconcile → सेट अप करें… में डालें।',
      'कुछ भी खोता नहीं: आपने जो लिखा वह शीट में रहता है और अगले सफल रन में भेजा जाता है।',
      'Maria के लिए: GitHub का जवाब 401: Bad credentials',
    ],
    last: [
      'पिछली बार क्या हुआ?',
      'इस शीट का आख़िरी रन 12 मिनट पहले (2026-03-02 09:48) समाप्त हुआ: पूरा, पर कुछ पक्का नहीं।',
      'यह 1,234 पंक्तियाँ लाया। पैनल ने 5 बदलाव स्वीकार किए और 1 अस्वीकार किया। 2 बातें किसी के देखने का इंतज़ार कर रही हैं: उत्तर के नीचे “कृपया जाँचें”, “अस्वीकृत”, “रोका गया” और “पक्का नहीं” खोजें।',
      'उत्तर के नीचे “पक्का नहीं” खोजें: वे पंक्तियाँ पैनल में जाँचें, फिर “संदेह हो तो” के नीचे चुनें।',
      'प्रोग्राम के अपने शब्दों में: …',
      'GitHub पर अभी एक रन काम कर रहा है; वह 2 मिनट पहले शुरू हुआ।',
      `[इसे GitHub पर खोलें]${OPEN}`,
    ],
    second: [
      'पहले से चल रहा है',
      'इस मेनू से 20 सेकंड पहले एक ट्रायल रन शुरू किया गया। उसका जवाब GitHub पर, सबसे नए रन के सारांश में आता है।',
      'दूसरा 40 सेकंड में शुरू किया जा सकता है।',
    ],
    form: [
      '“अभी सिंक करें” का सेट अप',
      'रिपॉज़िटरी', 'मालिक/नाम, या github.com पर उसका पता', 'ब्रांच', 'आम तौर पर main',
      'स्टाफ़ किससे पूछे', 'नाम, जैसा संदेशों में दिखना चाहिए; ख़ाली छोड़ सकते हैं',
      'टोकन', 'एक टोकन सहेजा हुआ है। उसे रखने के लिए इसे ख़ाली छोड़ दें।', 'सहेजा हुआ टोकन भुला दें', 'सहेजें और जाँचें',
    ],
  },
};

test('the whole texts below are of every language but English, which the other files have', () => {
  assert.deepEqual(Object.keys(WHOLE), OTHERS);
});

for (const [code, whole] of Object.entries(WHOLE)) {
  const chosen = (item, options) => {
    const made = sheet(code, options);
    made.call(item);
    return made;
  };

  test(`the menu in whole: ${code}`, () => {
    const [sync, dry, last, setUp] = whole.menu;
    const items = [[sync, 'syncNow'], [dry, 'showWhatWouldBeSent'], [last, 'whatHappenedLast'], '—', [setUp, 'setUp']];
    assert.deepEqual(plain(chosen('onOpen').seen.menu), [['reconcile', items]]);
  });

  test(`a start in whole, with a token that expires soon: ${code}`, () => {
    const fetch = expiring('2026-03-05 10:00:00 UTC');
    assert.deepEqual(chosen('syncNow', { fetch }).said(), whole.started);
  });

  test(`a refusal in whole, with GitHub’s own words at its end: ${code}`, () => {
    assert.deepEqual(chosen('syncNow', { fetch: answers(401, says('Bad credentials')) }).said(), whole.refused);
  });

  test(`the last run in whole: ${code}`, () => {
    const rows = [line(12, LANGUAGES[code].sheet.results['Done, something is in doubt'], [1234, 5, 1, 2], '…')];
    assert.deepEqual(chosen('whatHappenedLast', { rows, fetch: answers(200, listed('in_progress', null, 2)) }).said(), whole.last);
  });

  test(`a second click in whole: ${code}`, () => {
    const made = sheet(code);
    made.call('showWhatWouldBeSent');
    made.seen.now += 20000;
    made.call('syncNow');
    assert.deepEqual(made.seen.alerts, [[whole.second[0], whole.second.slice(1).join('\n\n')]]);
  });

  test(`the form in whole, and what it says when Google does not answer: ${code}`, () => {
    const [[title, html]] = chosen('setUp').seen.pages;
    const texts = html.replace(/<(style|script)>.*?<\/\1>/gs, '').split(/<[^>]*>/).map((text) => text.trim());
    assert.deepEqual([title, ...texts.filter((text) => text)], whole.form);
    const form = { elements: { token: {} }, addEventListener: (kind, work) => work({ preventDefault: () => {} }) };
    const shown = [];
    const parts = { form, save: {}, answer: { appendChild: (one) => shown.push(one.textContent) } };
    const runner = { withSuccessHandler: () => runner, withFailureHandler: (work) => ((runner.fails = work), runner), saveSetUp: () => {} };
    vm.runInNewContext(html.match(/<script>(.*)<\/script>/s)[1], {
      document: { getElementById: (id) => parts[id], createElement: () => ({}) },
      google: { script: { run: runner } },
    });
    runner.fails(new Error('ZZ'));
    assert.deepEqual(shown, [LANGUAGES[code].notSaved, 'ZZ']);
  });
}
