// Two boxes in a field of 100 by 60 squares. Each is dragged by the pointer, or moved by the arrow
// keys while it has the focus (with Shift ten squares at once).
const WIDTH = 100, HEIGHT = 60;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function shape(name, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function place(node, [x, y, width, height]) {
  for (const [key, value] of Object.entries({ x, y, width, height })) node.setAttribute(key, value);
}

function intersection(a, b) {
  const left = Math.max(a[0], b[0]), top = Math.max(a[1], b[1]);
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - left;
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - top;
  return [left, top, Math.max(0, width), Math.max(0, height)];
}

function render({ model, el }) {
  el.classList.add("medseg-picture", "medseg-boxes");
  const field = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group",
    "aria-label": "Two boxes. Move the one that has the focus with the arrow keys." });
  for (let x = 10; x < WIDTH; x += 10) field.append(shape("path", { class: "grid", d: `M${x} 0V${HEIGHT}` }));
  for (let y = 10; y < HEIGHT; y += 10) field.append(shape("path", { class: "grid", d: `M0 ${y}H${WIDTH}` }));
  const common = shape("rect", { class: "common" });
  const names = ["target", "prediction"];
  const boxes = names.map((name) => shape("rect", { class: name, tabindex: 0, role: "img" }));
  const labels = names.map((name) => shape("text", { class: `${name} label` }));
  field.append(common, ...boxes, ...labels);
  const line = document.createElement("p");
  line.setAttribute("role", "status");
  el.append(field, line);

  const follow = () => {
    names.forEach((name, k) => {
      const box = model.get(name);
      place(boxes[k], box);
      labels[k].textContent = name;
      labels[k].setAttribute("x", box[0] + 1);
      labels[k].setAttribute("y", k ? box[1] + box[3] - 1.2 : box[1] + 3.2);
      boxes[k].setAttribute("aria-label",
        `${name}: column ${Math.round(box[0])}, row ${Math.round(box[1])}, ` +
        `${Math.round(box[2])} wide, ${Math.round(box[3])} high; arrow keys move it`);
    });
    place(common, intersection(model.get("target"), model.get("prediction")));
    line.textContent = model.get("says");
  };
  const move = (name, x, y) => {
    const [, , width, height] = model.get(name);
    const inside = (value, limit) => Math.round(Math.min(Math.max(value, 0), Math.max(limit, 0)));
    model.set(name, [inside(x, WIDTH - width), inside(y, HEIGHT - height), width, height]);
    model.save_changes();
    follow();
  };
  names.forEach((name, k) => {
    const node = boxes[k];
    let grip = null;
    const at = (event) =>
      new DOMPoint(event.clientX, event.clientY).matrixTransform(field.getScreenCTM().inverse());
    node.addEventListener("pointerdown", (event) => {
      const point = at(event), box = model.get(name);
      grip = [point.x - box[0], point.y - box[1]];
      node.setPointerCapture(event.pointerId);
      node.focus();
      event.preventDefault();
    });
    node.addEventListener("pointermove", (event) => {
      if (grip) move(name, at(event).x - grip[0], at(event).y - grip[1]);
    });
    for (const end of ["pointerup", "pointercancel"]) node.addEventListener(end, () => (grip = null));
    node.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step) return;
      const length = event.shiftKey ? 10 : 1, box = model.get(name);
      move(name, box[0] + length * step[0], box[1] + length * step[1]);
      event.preventDefault();
      event.stopPropagation();
    });
  });
  follow();
  model.on("change:target change:prediction change:says", follow);
}
export default { render };
