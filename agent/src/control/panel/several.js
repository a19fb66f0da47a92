// Several devices: some side by side, or all of them as a grid. One script with panel.js, which begins and has `view`.

function readAddress() {
  const query = new URLSearchParams(location.search);
  view = query.get('view') || view;
  beside = query.getAll('with');
  return query.get('device');
}

function writeAddress() {
  const query = new URLSearchParams({ device });
  if (view !== 'one') query.set('view', view);
  for (const id of beside) query.append('with', id);
  history.replaceState(null, '', '?' + query);
}

// Which devices, and how: one, some beside each other, or all.
function showDevices() {
  const is = (id) => devices.some((one) => one.deviceId === id);
  if (devices.length < 2) view = 'one';
  beside = beside.filter(is).slice(0, 8);
  if (view === 'beside' && !beside.length) beside = [device, ...devices.map((one) => one.deviceId).filter((id) => id !== device)].slice(0, 2);
  // Of many only those have a tab that are shown: the grid has the others.
  const listed = devices.length <= 8 ? devices : devices.filter((one) => view === 'beside' ? beside.includes(one.deviceId) : one.deviceId === device);
  $('devices').replaceChildren(...listed.map((one) => {
    const tab = document.createElement('button');
    tab.type = 'button';
    tab.title = shown(one.deviceName);
    tab.append(bdi(tab.title), ' · ' + one.operatingSystem);
    tab.dataset[view === 'beside' ? 'toggle' : 'device'] = one.deviceId;
    tab.setAttribute('aria-pressed', String(view === 'beside' ? beside.includes(one.deviceId) : view === 'one' && one.deviceId === device));
    return tab;
  }));
  $('views').hidden = devices.length < 2;
  $('view-grid').textContent = say(texts.all, { number: devices.length });
  for (const one of document.querySelectorAll('[data-view]')) one.setAttribute('aria-pressed', String(one.dataset.view === view));
  $('board').hidden = $('when').hidden = view !== 'one';
  $('several').hidden = view === 'one';
  $('several').dataset.of = view;
  $(view === 'one' ? 'echo-place' : 'several-echo').append($('echo'));
  document.body.classList.toggle('many', view !== 'one');
  writeAddress();
}

function chooseView(to) {
  view = to;
  place = null;
  choose(device);
}

function toggle(id) {
  beside = beside.includes(id) ? beside.filter((one) => one !== id) : [...beside, id].slice(-8);
  if (view === 'beside') choose(device); else { showDevices(); sift(); }
}

function followSeveral() {
  document.body.classList.remove('bygone');
  listen('several?' + new URLSearchParams(view === 'beside' ? beside.map((id) => ['device', id]) : []));
}

// Of the grid what has the words, and the outcome that was pressed.
function sift() {
  const words = $('grid-find').value.toLowerCase();
  let left = 0;
  for (const cell of $('grid').children) {
    cell.hidden = (only && cell.dataset.outcome !== only) || !cell.textContent.toLowerCase().includes(words);
    left += !cell.hidden;
    const box = cell.querySelector('input');
    box.checked = beside.includes(box.dataset.beside);
  }
  for (const one of document.querySelectorAll('[data-only]')) one.setAttribute('aria-pressed', String(one.dataset.only === only));
  $('grid-left').textContent = left === $('grid').children.length ? '' : say(texts.left, { number: left });
}

// One push to each device that is shown, the same id to all; or to a group, which is an address of its own.
function sendTogether() {
  const [title, body, group] = ['title', 'body', 'group'].map((part) => $('together-' + part).value);
  const push = { notificationTitle: title, notificationBody: body };
  const words = ' --title ' + quoted(title) + ' --body ' + quoted(body);
  const path = (id) => '/v1/devices/' + id + '/push';
  if (group) return sendAll([{ method: 'POST', path: path(beside[0]), body: JSON.stringify({ ...push, group }), line: 'push --group ' + quoted(group) + words }]);
  const id = crypto.randomUUID();
  sendAll(beside.map((one) => ({ method: 'POST', path: path(one), body: JSON.stringify({ ...push, id }), line: 'push --here --id ' + id + words })));
}
