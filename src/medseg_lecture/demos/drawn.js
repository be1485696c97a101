// A prediction that one draws over an MR slice, and its confusion matrix, IoU and Dice, calculated
// here, so that they follow the pencil wherever there is a browser. Pencil and rubber are moved by
// the pointer, or by the arrow keys, with Space down or up; E changes from pencil to rubber.
const RADIUS = 1.6;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function score(target, drawn) {
  const counts = { tp: 0, fp: 0, fn: 0, tn: 0 };
  target.forEach((there, k) => {
    counts[there ? (drawn[k] ? "tp" : "fn") : drawn[k] ? "fp" : "tn"] += 1;
  });
  const either = counts.tp + counts.fp + counts.fn;
  return { ...counts, iou: counts.tp / either, dice: (2 * counts.tp) / (either + counts.tp) };
}

function parts(colour) {
  return [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16));
}

function node(name, parent, text = "") {
  const made = document.createElement(name);
  made.textContent = text;
  parent.append(made);
  return made;
}

function render({ model, el }) {
  const rows = model.get("rows"), columns = model.get("columns");
  const image = model.get("image"), target = model.get("target");
  const colours = model.get("colours");
  const pencil = parts(colours.pencil), expertsLine = parts(colours.expert);
  const size = rows * columns;
  let drawn = new Uint8Array(size), erasing = false, down = false, last = null;
  let cursor = [Math.floor(columns / 2), Math.floor(rows / 2)], touched = false;

  el.classList.add("medseg-drawn");
  const canvas = node("canvas", el);
  canvas.width = columns;
  canvas.height = rows;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label",
    `${model.get("alt")} Draw what you take for it: with the mouse, or move with the arrow keys, ` +
    "Space puts the pencil down or lifts it, E takes the rubber.");
  const side = node("div", el);
  side.className = "numbers";
  const buttons = node("div", side);
  const tool = node("button", buttons, "Rubber (E)");
  const show = node("button", buttons, "Show the expert");
  for (const button of [tool, show]) button.type = "button";
  const line = node("p", side);
  line.setAttribute("role", "status");
  const table = node("table", side);
  node("caption", table, "Confusion matrix (pixels)");
  const head = node("tr", table);
  for (const words of ["target", "drawn", "not drawn"]) node("th", head, words).scope = "col";
  const cells = ["gland", "background"].map((name) => {
    const row = node("tr", table);
    node("th", row, name).scope = "row";
    return [node("td", row), node("td", row)];
  });

  const context = canvas.getContext("2d");
  let expert = false;
  const paint = () => {
    const picture = context.createImageData(columns, rows);
    for (let k = 0; k < size; k += 1) {
      const grey = image[k];
      const colour = pencil.map((part) => (drawn[k] ? 0.45 * grey + 0.55 * part : grey));
      const edge = expert && target[k] &&
        [k - 1, k + 1, k - columns, k + columns].some((other) => !target[other]);
      picture.data.set([...(edge ? expertsLine : colour), 255], 4 * k);
    }
    context.putImageData(picture, 0, 0);
    if (touched) {
      context.strokeStyle = colours.cursor;
      context.strokeRect(cursor[0] - 0.5, cursor[1] - 0.5, 2, 2);
    }
    const { tp, fp, fn, tn, iou, dice } = score(target, drawn);
    line.textContent = `IoU ${iou.toFixed(2)}, Dice ${dice.toFixed(2)}`;
    cells[0][0].textContent = tp;
    cells[0][1].textContent = fn;
    cells[1][0].textContent = fp;
    cells[1][1].textContent = tn;
  };
  const dab = (x, y) => {
    for (let r = Math.max(0, Math.floor(y - RADIUS)); r <= Math.min(rows - 1, y + RADIUS); r += 1) {
      for (let c = Math.max(0, Math.floor(x - RADIUS)); c <= Math.min(columns - 1, x + RADIUS); c += 1) {
        if ((r - y) ** 2 + (c - x) ** 2 <= RADIUS ** 2) drawn[r * columns + c] = erasing ? 0 : 1;
      }
    }
  };
  const stroke = (to) => {
    const from = last ?? to;
    const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1])));
    for (let k = 0; k <= steps; k += 1) {
      dab(from[0] + ((to[0] - from[0]) * k) / steps, from[1] + ((to[1] - from[1]) * k) / steps);
    }
    last = to;
    paint();
  };
  // What is drawn closed is filled when the pencil is lifted: pixels that the border cannot reach.
  const fill = () => {
    const outside = new Uint8Array(size);
    const queue = [];
    const visit = (k) => {
      if (!drawn[k] && !outside[k]) {
        outside[k] = 1;
        queue.push(k);
      }
    };
    for (let c = 0; c < columns; c += 1) [c, size - columns + c].forEach(visit);
    for (let r = 0; r < rows; r += 1) [r * columns, r * columns + columns - 1].forEach(visit);
    while (queue.length) {
      const k = queue.pop(), c = k % columns;
      if (c > 0) visit(k - 1);
      if (c < columns - 1) visit(k + 1);
      if (k >= columns) visit(k - columns);
      if (k < size - columns) visit(k + columns);
    }
    for (let k = 0; k < size; k += 1) if (!outside[k]) drawn[k] = 1;
  };
  const lift = () => {
    if (!down) return;
    down = false;
    last = null;
    if (!erasing) fill();
    paint();
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * columns - 0.5,
      ((event.clientY - box.top) / box.height) * rows - 0.5];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    canvas.focus();
    down = true;
    touched = false;
    stroke(at(event));
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => { if (down && !touched) stroke(at(event)); });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, lift);
  const change = () => {
    erasing = !erasing;
    tool.textContent = erasing ? "Pencil (E)" : "Rubber (E)";
    canvas.focus();
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (step) {
      touched = true;
      cursor = [Math.min(Math.max(cursor[0] + step[0], 0), columns - 1),
        Math.min(Math.max(cursor[1] + step[1], 0), rows - 1)];
      if (down) stroke(cursor);
      else paint();
    } else if (event.key === " ") {
      touched = true;
      if (down) lift();
      else {
        down = true;
        stroke(cursor);
      }
    } else if (event.key.toLowerCase() === "e") change();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.dataset.lmSuppressShortcuts = "true"; // the arrow keys are not JupyterLab's
  tool.addEventListener("click", change);
  show.addEventListener("click", () => {
    expert = !expert;
    show.textContent = expert ? "Hide the expert" : "Show the expert";
    show.setAttribute("aria-pressed", String(expert));
    paint();
  });
  model.on("change:round", () => {
    drawn = new Uint8Array(size);
    expert = false;
    show.textContent = "Show the expert";
    paint();
  });
  paint();
}
export default { render };
