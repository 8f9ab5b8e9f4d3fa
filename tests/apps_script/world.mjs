// Google's services as far as Code.gs uses them, over plain data; the clock and the network are the test's.

import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const FOLDER = new URL('../../sheets_templates/sync-now/', import.meta.url);
export const SOURCE = readFileSync(new URL('Code.gs', FOLDER), 'utf8');
const SCRIPT = new vm.Script(SOURCE, { filename: 'Code.gs' });
export const NOW = Date.UTC(2026, 2, 2, 10, 0, 0);
export const TOKEN = ['github', 'pat', '1'.repeat(30)].join('_'); // made up, and put together here so that no scanner minds
export const SET_UP = {
  RECONCILE_REPOSITORY: 'shop/orders',
  RECONCILE_BRANCH: 'main',
  RECONCILE_CONTACT: 'Maria',
  RECONCILE_GITHUB_TOKEN: TOKEN,
};
export const HEADINGS = [
  'Run', 'Started', 'Finished', 'Result', 'Pulled', 'Pushed', 'Refused', 'Needs a person', 'Message',
];

/** What GitHub answers: status, body (an object is made JSON), headers. */
export const answers = (status, body = '', headers = {}) => () => ({
  getResponseCode: () => status,
  getContentText: () => (typeof body === 'string' ? body : JSON.stringify(body)),
  getHeaders: () => headers,
});

export const throws = (message) => () => {
  throw new Error(message);
};

/** A run as GitHub lists it, `minutes` before NOW. */
export const listed = (status, conclusion, began, ended = began, more = {}) => ({
  workflow_runs: [
    {
      status,
      conclusion,
      created_at: new Date(NOW - began * 60000).toISOString(),
      run_started_at: new Date(NOW - began * 60000).toISOString(),
      updated_at: new Date(NOW - ended * 60000).toISOString(),
      html_url: 'https://github.com/shop/orders/actions/runs/77',
      ...more,
    },
  ],
});

/** A line of Runs that ended `minutes` before NOW. */
export const line = (minutes, result, counts = [0, 0, 0, 0], message = '') => {
  const at = new Date(NOW - minutes * 60000);
  return [`run-${minutes}`, at, at, result, ...counts, message];
};

const shown = (value) =>
  Object.prototype.toString.call(value) === '[object Date]' ? value.toISOString().slice(0, 16).replace('T', ' ') : String(value);

class Page {
  constructor(html) {
    this.html = html;
  }
  setWidth() {
    return this;
  }
  setHeight() {
    return this;
  }
}

/**
 * `runs`: rows of the tab Runs with the headings, null when there is no such tab. `tabs`: other tabs' rows by title.
 * `fetch`: what the network does.
 */
export function world({ properties = SET_UP, runs = [HEADINGS], tabs = {}, fetch = answers(204), locked = false } = {}) {
  const seen = { requests: [], toasts: [], alerts: [], pages: [], menu: [], order: [], rowsRead: 0, store: { ...properties }, now: NOW };
  const cache = new Map();
  const sheet = (rows) => ({
    getLastRow: () => rows.length,
    getLastColumn: () => (rows.length ? rows[0].length : 0),
    getRange: (row, column, height, width) => {
      seen.rowsRead += height;
      const cells = rows.slice(row - 1, row - 1 + height).map((cellsOfRow) => cellsOfRow.slice(column - 1, column - 1 + width));
      return { getValues: () => cells, getDisplayValues: () => cells.map((cellsOfRow) => cellsOfRow.map(shown)) };
    },
  });
  const sheets = new Map(Object.entries({ Runs: runs, ...tabs }).filter(([, rows]) => rows).map(([title, rows]) => [title, sheet(rows)]));
  const menu = (name) => {
    const items = [];
    const made = {
      addItem: (text, target) => (items.push([text, target]), made),
      addSeparator: () => (items.push('—'), made),
      addToUi: () => seen.menu.push([name, items]),
    };
    return made;
  };
  const ui = {
    ButtonSet: { OK: 'OK' },
    createMenu: menu,
    alert: (title, text) => (seen.order.push('alert'), seen.alerts.push([title, text])),
    showModalDialog: (page, title) => (seen.order.push('page'), seen.pages.push([title, page.html])),
  };
  const google = {
    SpreadsheetApp: {
      getUi: () => ui,
      getActive: () => ({
        getSheetByName: (name) => sheets.get(name) || null,
        toast: (text) => seen.toasts.push(text),
      }),
    },
    HtmlService: { createHtmlOutput: (html) => new Page(html) },
    UrlFetchApp: {
      fetch: (url, options) => {
        seen.order.push('fetch');
        seen.requests.push({ url, options });
        return fetch(url, options);
      },
    },
    PropertiesService: {
      getScriptProperties: () => ({
        getProperties: () => ({ ...seen.store }),
        setProperties: (values) => Object.assign(seen.store, values),
        deleteProperty: (key) => delete seen.store[key],
      }),
    },
    CacheService: {
      getScriptCache: () => ({
        get: (key) => (cache.has(key) ? cache.get(key) : null),
        put: (key, value) => cache.set(key, value),
      }),
    },
    LockService: {
      getScriptLock: () => ({
        tryLock: () => !locked && (seen.order.push('lock'), true),
        releaseLock: () => seen.order.push('unlock'),
      }),
    },
  };
  const context = vm.createContext(google);
  SCRIPT.runInContext(context);
  context.now_ = () => seen.now;
  const call = (name, ...values) => context[name](...values);
  /** The one answer a person saw, as lines: title, paragraphs. */
  const said = () => {
    if (seen.alerts.length + seen.pages.length !== 1) throw new Error('not exactly one answer was shown');
    if (seen.alerts.length) return [seen.alerts[0][0], ...seen.alerts[0][1].split('\n\n')];
    const [title, html] = seen.pages[0];
    return [title, ...paragraphs(html)];
  };
  const evaluate = (code) => JSON.parse(JSON.stringify(vm.runInContext(code, context)));
  return { ...seen, seen, call, said, evaluate, context };
}

/** The paragraphs of one of our pages, a link as [text](address). */
export function paragraphs(html) {
  return [...html.matchAll(/<p>(.*?)<\/p>/g)].map(([, inner]) =>
    inner
      .replace(/<a rel="noopener" href="(.*?)">(.*?)<\/a>/g, '[$2]($1)')
      .replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, '&'),
  );
}

/** A value made in the script's own realm, as a plain one of ours. */
export const plain = (value) => JSON.parse(JSON.stringify(value));
