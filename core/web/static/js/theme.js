/* Before the first paint: the light that this device chose last (深浅色). Everything else waits for sancheng.js. */
(function () {
  var chosen = null;
  try { chosen = localStorage.getItem('sc-theme'); } catch (e) { /* storage may be forbidden: the device's preference stays */ }
  if (chosen === 'light' || chosen === 'dark') document.documentElement.setAttribute('data-bs-theme', chosen);
})();
