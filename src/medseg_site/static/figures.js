// Figures that need no kernel. A place says by data-figure what takes the place of its still
// picture; what a figure needs beside this file is loaded from where this file is.
(() => {
  const HERE = document.currentScript.src.replace(/[^/]*$/, "");
  window.medseg = { modules: {}, data: {} };

  function node(name, attributes = {}, ...inside) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  }

  function drawn(name, attributes = {}, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  const loading = {};
  function load(file) {
    loading[file] ??= new Promise((loaded, failed) => {
      document.head.append(Object.assign(node("script"),
        { src: HERE + file, onload: loaded, onerror: () => failed(new Error(`${file} is missing`)) }));
    });
    return loading[file];
  }

  // What a widget of a notebook sees of its kernel: its own state, and the other models.
  class Model {
    constructor(state, others = {}) {
      this.state = state;
      this.listeners = {};
      this.widget_manager = { get_model: async (id) => others[id.replace("IPY_MODEL_", "")] };
    }
    get(name) { return this.state[name]; }
    set(name, value) {
      this.state[name] = value;
      for (const listener of this.listeners[`change:${name}`] ?? []) listener();
    }
    on(names, listener) {
      for (const name of names.split(" ")) (this.listeners[name] ??= new Set()).add(listener);
    }
    off(names, listener) {
      for (const name of names.split(" ")) {
        if (listener) this.listeners[name]?.delete(listener);
        else delete this.listeners[name];
      }
    }
    save_changes() {}
    send() {}
    onChange() {}
  }

  function slider(label, values, first, changed) {
    const control = node("input", { type: "range", min: 0, max: values.length - 1, step: 1 });
    control.value = values.indexOf(first);
    const shown = node("output");
    const follow = () => {
      const value = values[control.value];
      shown.textContent = value.toFixed(2);
      control.setAttribute("aria-valuetext", value.toFixed(2));
      changed(Number(control.value));
    };
    control.addEventListener("input", follow);
    return { row: node("label", {}, label, control, shown), follow };
  }

  function status(place) {
    const line = node("p", { role: "status" });
    place.append(line);
    return (text) => { if (line.textContent !== text) line.textContent = text; };
  }

  // As medseg.widgets.boxes.describe_boxes says it.
  function describeBoxes(a, b) {
    const side = (k) => Math.max(0, Math.min(a[k] + a[k + 2], b[k] + b[k + 2]) - Math.max(a[k], b[k]));
    const common = side(0) * side(1), union = a[2] * a[3] + b[2] * b[3] - common;
    const iou = union ? common / union : 0;
    return `IoU ${iou.toFixed(2)}, Dice ${((2 * iou) / (1 + iou)).toFixed(2)}: ` +
      `intersection ${common.toFixed(0)}, union ${union.toFixed(0)} squares.`;
  }

  async function boxes(place) {
    await Promise.all([load("boxes.js"), load("boxes-data.js")]);
    const model = new Model({ ...medseg.data.boxes });
    const say = () => model.set("says", describeBoxes(model.get("target"), model.get("prediction")));
    place.replaceChildren();
    medseg.modules.boxes.render({ model, el: place });
    model.on("change:target change:prediction", say);
    say();
  }

  const CURVES = [["plain", "cross-entropy"], ["positive", "positive, weight α"], ["negative", "negative, weight 1 − α"]];
  const LEFT = 50, TOP = 10, WIDTH = 560, HEIGHT = 270, MOST = 4;

  async function focal(place) {
    await load("focal-data.js");
    const { p, gammas, alphas, curves, says, first } = medseg.data.focal;
    const x = (value) => LEFT + WIDTH * value;
    const y = (value) => TOP + HEIGHT * (1 - Math.min(value, MOST) / MOST);
    const chart = drawn("svg", { viewBox: "0 0 630 330", role: "img" });
    for (let tick = 0; tick <= MOST; tick++) {
      chart.append(drawn("path", { class: "grid", d: `M${LEFT} ${y(tick)}h${WIDTH}` }),
        drawn("text", { x: LEFT - 8, y: y(tick) + 5, "text-anchor": "end" }, String(tick)),
        drawn("path", { class: "grid", d: `M${x(tick / MOST)} ${TOP}v${HEIGHT}` }),
        drawn("text", { x: x(tick / MOST), y: TOP + HEIGHT + 18, "text-anchor": "middle" }, String(tick / MOST)));
    }
    chart.append(drawn("text", { x: x(0.5), y: 325, "text-anchor": "middle" }, "probability p of the true class"),
      drawn("text", { transform: `translate(14 ${y(2)}) rotate(-90)`, "text-anchor": "middle" }, "loss of one pixel"));
    const lines = CURVES.map(([name, label], k) => {
      const line = drawn("path", { class: `curve ${name}` });
      const row = TOP + 20 + 22 * k;
      chart.append(line, drawn("path", { class: `curve ${name}`, d: `M${x(0.5)} ${row - 5}h40` }),
        drawn("text", { x: x(0.5) + 48, y: row }, label));
      return line;
    });
    let gamma = gammas.indexOf(first.gamma), alpha = alphas.indexOf(first.alpha);
    place.replaceChildren();
    place.classList.add("medseg-focal");
    const controls = node("div", { class: "medseg-controls" });
    place.append(controls, chart);
    const say = status(place);
    const draw = () => {
      const weights = [1, alphas[alpha], 1 - alphas[alpha]];
      lines.forEach((line, k) => {
        const curve = curves[k ? gamma : 0];
        const points = p.map((value, i) => `${x(value).toFixed(1)} ${y(weights[k] * curve[i]).toFixed(1)}`);
        line.setAttribute("d", `M${points.join("L")}`);
      });
      chart.setAttribute("aria-label", "Loss of one pixel over the probability of its true class: " +
        `cross-entropy, and the focal loss with γ = ${gammas[gamma]}, α = ${alphas[alpha].toFixed(2)}.`);
      say(says[gamma][alpha]);
    };
    const both = [
      slider("focus γ", gammas, first.gamma, (k) => { gamma = k; draw(); }),
      slider("weight α", alphas, first.alpha, (k) => { alpha = k; draw(); }),
    ];
    for (const one of both) controls.append(one.row);
    for (const one of both) one.follow();
  }

  async function street(place) {
    await load("street-data.js");
    const group = node("fieldset", { class: "medseg-controls" }, node("legend", {}, "Answer"));
    const picture = node("img");
    place.replaceChildren(group, picture);
    const say = status(place);
    const name = `street-${document.querySelectorAll(".medseg-street").length}`;
    place.classList.add("medseg-street");
    const show = ({ source, alt, says }) => {
      Object.assign(picture, { src: source, alt });
      say(says);
    };
    for (const one of medseg.data.street) {
      const choice = node("input", { type: "radio", name, value: one.answer });
      choice.addEventListener("change", () => show(one));
      group.append(node("label", {}, choice, one.answer));
      if (one.answer === "panoptic") { choice.checked = true; show(one); }
    }
  }

  function modelsOf(states) {
    const models = {};
    for (const [id, { state, buffers }] of Object.entries(states)) {
      for (const { path, data } of buffers) {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        const last = path.pop();
        path.reduce((inside, key) => inside[key], state)[last] = new DataView(bytes.buffer);
      }
      models[id] = new Model(state, models);
    }
    return models;
  }

  const VIEWS = { "three planes": 3, axial: 0, coronal: 1, sagittal: 2, "in space": 4 };

  function volume(place) {
    const line = node("p", { role: "status" });
    if (!document.createElement("canvas").getContext("webgl2")) {
      line.textContent = "This browser draws no WebGL, which the viewer needs; the picture shows the same scan.";
      place.prepend(line);
      return;
    }
    const button = node("button", { type: "button", class: "medseg-button" }, "Open the volume viewer (5 MB)");
    place.prepend(button, line);
    button.addEventListener("click", async () => {
      button.disabled = true;
      line.textContent = "Loading …";
      await Promise.all([load("volume.js"), load("volume-data.js")]);
      const { canvas, models } = medseg.data.volume, found = modelsOf(models);
      const model = found[canvas], [, zones] = model.get("volumes").map((id) => found[id.replace("IPY_MODEL_", "")]);
      const home = node("div", { class: "medseg-volume" });
      const controls = node("div", { class: "medseg-controls" });
      place.replaceChildren(controls, home);
      await medseg.modules.volume.initialize({ model });
      await medseg.modules.volume.render({ model, el: home });
      const screen = home.querySelector("canvas");
      screen.setAttribute("tabindex", 0);
      screen.setAttribute("role", "img");
      screen.setAttribute("aria-label",
        "A phantom's scan in three planes with its four zones; with the focus, H, J, K and L move the crosshair.");
      const view = node("select", {}, ...Object.keys(VIEWS).map((name) => node("option", {}, name)));
      view.addEventListener("change", () => {
        model.set("opts", { ...model.get("opts"), sliceType: VIEWS[view.value] });
        for (const listener of model.listeners["msg:custom"] ?? []) listener({ type: "draw_scene", data: [] }, []);
      });
      const tenths = Array.from({ length: 11 }, (_, k) => k / 10);
      const zonesSlider = slider("zones", tenths, 0.4, (k) => zones.set("opacity", tenths[k]));
      controls.append(node("label", {}, "view", view), zonesSlider.row);
      zonesSlider.follow();
      view.focus();
    });
  }

  // A picture that moves can be stopped, and stands still from the start for who asks for that.
  function moving(picture) {
    const film = picture.src, still = HERE + film.replace(/.*\/|\.webp$/g, "") + "_last.webp";
    const button = node("button", { type: "button", class: "medseg-button" });
    const show = (moves) => {
      picture.src = moves ? film : still;
      button.textContent = moves ? "Stop the picture" : "Let the picture move";
      button.onclick = () => show(!moves);
    };
    show(!matchMedia("(prefers-reduced-motion: reduce)").matches);
    picture.after(button);
  }

  const FIGURES = { boxes, focal, street, volume };
  addEventListener("DOMContentLoaded", () => {
    for (const place of document.querySelectorAll("[data-figure]")) FIGURES[place.dataset.figure](place);
    for (const picture of document.querySelectorAll("img.medseg-moving")) moving(picture);
  });
})();
