
// A scenario that runs on the device: in the controls' place, and on the stage by keys.
let running = { runs: false, script: false };

function runs(state) {
  running = state;
  $('do').hidden = state.runs;
}

// What the runner is to do. It hears of it as the answer to its own question.
async function order(word) {
  try {
    const json = await (await post('/v1/devices/' + device + '/scenario/order', { order: word })).json();
    if (json.error) refuse(json.error);
  } catch { tell(texts.noAnswer, true); }
}

// Before the keys of the history: a presenter's clicker has PageDown. Space is left to a button that has the focus.
document.addEventListener('keydown', (event) => {
  if (!running.script || !document.documentElement.classList.contains('stage') || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest('input,textarea,select') || (event.key === ' ' && event.target.closest('button,summary,a'))) return;
  const word = { ' ': 'step', PageDown: 'step', r: 'start', R: 'start' }[event.key];
  if (!word || event.repeat) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  order(word);
}, true);

// A presenter's link opens the stage at once.
if (new URLSearchParams(location.search).has('stage')) stage(true);

// The file as far as it is shown may have been cut: what is copied is all of it.
document.addEventListener('click', async (event) => {
  if (event.target.id !== 'copy-recording') return;
  const recording = await (await fetch('/v1/devices/' + device + '/recording')).json();
  await navigator.clipboard.writeText(recording.file);
  tell(texts.copiedRecording);
});
