// A button that has the kernel interrupted, which medseg.widgets.live takes as a wish to stop.
const WORDS = {
  ready: "Stop and keep the best",
  pressed: "Stopping after this epoch …",
  over: "Training has ended",
};
const NO_KERNEL = "Press ■ in the toolbar: it stops after this epoch and keeps the best";

function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "medseg-stop";
  const follow = () => {
    button.textContent = WORDS[model.get("state")];
    button.disabled = model.get("state") !== "ready";
  };
  button.addEventListener("click", async () => {
    if (model.get("state") !== "ready") return;
    model.set("state", "pressed");
    model.save_changes();
    const kernel = model.widget_manager?.kernel;
    if (kernel) await kernel.interrupt();
    else button.textContent = NO_KERNEL;
  });
  follow();
  model.on("change:state", follow);
  el.append(button);
}
export default { render };
