/* What the phone keeps (本机资料): IndexedDB in promises. One base a tenant, so that two districts never meet. */

const STORES = { meta: 'key', drafts: 'id', photos: 'key', outbox: 'id' };
let opened = null;

/** Open the tenant's base; every other function here works on it. */
export function openBase(slug) {
  if (opened) return opened;
  opened = new Promise((done, fail) => {
    const request = indexedDB.open(`sancheng-field-${slug}`, 1);
    request.onupgradeneeded = () => {
      Object.entries(STORES).forEach(([name, keyPath]) => request.result.createObjectStore(name, { keyPath }));
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => { request.result.close(); opened = null; };
      done(request.result);
    };
    request.onerror = () => { opened = null; fail(request.error); };
    request.onblocked = () => { opened = null; fail(new Error('blocked')); };
  });
  return opened;
}

/** One transaction over some stores; what `work` returns is waited for until everything is written. */
export async function within(stores, mode, work) {
  const base = await opened;
  return new Promise((done, fail) => {
    const transaction = base.transaction(stores, mode);
    let result;
    transaction.oncomplete = () => done(result);
    transaction.onerror = () => fail(transaction.error);
    transaction.onabort = () => fail(transaction.error || new Error('aborted'));
    work((name) => transaction.objectStore(name), (value) => { result = value; });
  });
}

export const read = (store, key) => within([store], 'readonly', (of, give) => {
  const request = of(store).get(key);
  request.onsuccess = () => give(request.result);
});
export const readAll = (store) => within([store], 'readonly', (of, give) => {
  const request = of(store).getAll();
  request.onsuccess = () => give(request.result);
});
export const write = (store, value) => within([store], 'readwrite', (of) => { of(store).put(value); });
export const erase = (store, key) => within([store], 'readwrite', (of) => { of(store).delete(key); });

/** Several writes and removals, all of them or none: `[store, value]` and `[store, key]`. */
export function settle(writes, removals = []) {
  const stores = [...new Set([...writes, ...removals].map(([store]) => store))];
  return within(stores, 'readwrite', (of) => {
    writes.forEach(([store, value]) => of(store).put(value));
    removals.forEach(([store, key]) => of(store).delete(key));
  });
}

/** Change one record as it is now, in one transaction; `null` from `how` leaves it. Gives what stands afterwards. */
export const change = (store, key, how) => within([store], 'readwrite', (of, give) => {
  const request = of(store).get(key);
  request.onsuccess = () => {
    const made = how(request.result);
    if (made) of(store).put(made);
    give(made || request.result);
  };
});

export const getMeta = async (key) => (await read('meta', key))?.value;
export const setMeta = (key, value) => write('meta', { key, value });
