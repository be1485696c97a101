// A button that tells the kernel to stop; where no message gets through while a cell runs, it has
// the kernel interrupted, which medseg.widgets.live_training takes as a wish to stop.
const READY = "Stop and keep the best";
const PRESSED = "Stopping after this epoch …";
const OVER = "Training has ended";
const PATIENCE = 700; // ms
const NO_KERNEL = "Press ■ in the toolbar: it stops after this epoch and keeps the best";

function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "medseg-stop";
  const follow = () => {
    const over = model.get("over");
    button.textContent = over ? OVER : READY;
    button.disabled = over;
  };
  button.addEventListener("click", () => {
    if (button.disabled) return;
    button.disabled = true;
    const kernel = model.widget_manager?.kernel;
    button.textContent = kernel ? PRESSED : NO_KERNEL;
    model.send({ stop: true });
    setTimeout(() => {
      if (!model.get("heard") && !model.get("over")) kernel?.interrupt();
    }, PATIENCE);
  });
  follow();
  model.on("change:over", follow);
  el.append(button);
}
export default { render };
