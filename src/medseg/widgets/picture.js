// The figure of a Demo: one <img> whose source changes, and a polite live region below it.
function render({ model, el }) {
  const image = document.createElement("img");
  const line = document.createElement("p");
  line.setAttribute("role", "status");
  el.classList.add("medseg-picture");
  el.append(image, line);
  const follow = () => {
    image.src = model.get("source");
    image.alt = model.get("alt");
    image.width = model.get("width");
    line.textContent = model.get("says");
  };
  follow();
  model.on("change:source change:alt change:says change:width", follow);
}
export default { render };
