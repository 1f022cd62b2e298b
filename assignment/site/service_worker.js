// Keeps the pages of exercises, and Python, for a day without a network.
//
// Pages and scripts come from the network where there is one, so that nobody sees yesterday's; what
// a version of Python is made of never changes, and comes from here as soon as it has been fetched.
// Before the first line the build writes BUILT: the version of the site, the pages that are fetched in
// advance, and of Python the version and the place that its files come from.
const { version, pages, python } = BUILT;
const OURS = `${registration.scope} `;
const SITE = `${OURS}site ${version}`;
const PYTHON = `${OURS}python ${python.version}`;
const A_WHILE = 4_000; // milliseconds

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method !== "GET") return;
  if (url.startsWith(new URL(python.place, registration.scope)))
    event.respondWith(kept(event.request));
  else if (url.startsWith(registration.scope)) event.respondWith(fresh(event.request));
});

async function install() {
  const cache = await caches.open(SITE);
  // Not from the browser's own cache, where an older version may stand.
  await cache.addAll(pages.map((page) => new Request(page, { cache: "no-cache" })));
  await self.skipWaiting();
}

async function activate() {
  const others = (await caches.keys()).filter((key) => key.startsWith(OURS));
  await Promise.all(others.map((key) => [SITE, PYTHON].includes(key) || caches.delete(key)));
  await self.clients.claim();
}

/** From here; where it is not, from the network, and it stays. */
async function kept(request) {
  const there = await caches.match(request.url, { cacheName: PYTHON });
  if (there) return there;
  const response = await fetch(request);
  if (response.ok) await keep(PYTHON, request.url, response.clone());
  return response;
}

/** From the network; where that is silent or gone, from here. */
async function fresh(request) {
  const there = () => caches.match(request.url, { cacheName: SITE, ignoreSearch: true });
  const network = fetch(request).then((response) => {
    if (response.ok) keep(SITE, request.url, response.clone());
    return response;
  });
  const slow = new Promise((done) => setTimeout(done, A_WHILE)).then(there);
  const first = await Promise.race([network, slow]).catch(there);
  return first ?? network;
}

/** Where the storage is full, all goes on without. */
async function keep(name, url, response) {
  const cache = await caches.open(name);
  await cache.put(url, response).catch(() => {});
}
