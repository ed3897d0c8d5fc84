/* Thousands of places at once: small shapes on one canvas, a shape and a colour for each state, drawn as the legend draws them. */

const { L } = window;
const STATES = ['verified', 'met', 'rectifying', 'not_met', 'relapsed', 'unchecked']; // in the order in which the server numbers them
const FEW = 300; // in view: below it the server names them one by one
const SIZE = 4; // px from the middle of a shape to its edge

/** The legend's own drawing of a state, to put into a mark. */
export function shapeIn(state) {
  return document.querySelector(`.sc-shades .sc-shade.is-${STATES.includes(state) ? state : 'unchecked'}`)?.outerHTML ?? '';
}

/** Dots as the server tells them: a corner in degrees, then grains east and north of it and the number of the state, three by three. */
export function readDots({ corner, grain, dots }) {
  const found = [];
  for (let n = 0; n < dots.length; n += 3) found.push([corner[1] + dots[n + 1] / grain, corner[0] + dots[n] / grain, STATES[dots[n + 2]]]);
  return found;
}

const PATHS = {
  verified: (pen, x, y) => { pen.moveTo(x + SIZE, y); pen.arc(x, y, SIZE, 0, 2 * Math.PI); },
  met: (pen, x, y) => { pen.moveTo(x + SIZE - 1, y); pen.arc(x, y, SIZE - 1, 0, 2 * Math.PI); },
  rectifying: (pen, x, y) => { pen.moveTo(x, y - SIZE); pen.lineTo(x + SIZE, y + SIZE - 1); pen.lineTo(x - SIZE, y + SIZE - 1); pen.closePath(); },
  not_met: (pen, x, y) => { pen.rect(x - SIZE + 0.5, y - SIZE + 0.5, 2 * SIZE - 1, 2 * SIZE - 1); },
  relapsed: (pen, x, y) => { pen.moveTo(x - SIZE, y - SIZE); pen.lineTo(x + SIZE, y + SIZE); pen.moveTo(x + SIZE, y - SIZE); pen.lineTo(x - SIZE, y + SIZE); },
  unchecked: (pen, x, y) => { pen.moveTo(x, y - SIZE); pen.lineTo(x + SIZE, y); pen.lineTo(x, y + SIZE); pen.lineTo(x - SIZE, y); pen.closePath(); },
};
const HOLLOW = new Set(['met', 'relapsed', 'unchecked']);

/** A layer of dots: one canvas over the map, drawn anew when the map has moved. */
export class Dots {
  constructor(map) {
    this.map = map;
    this.places = [];
    this.from = null; // the bounds that were asked for; null: all there is
    this.canvas = L.DomUtil.create('canvas', 'sc-map-dots leaflet-zoom-hide', map.getPane('overlayPane'));
    this.canvas.setAttribute('aria-hidden', 'true');
    map.on('moveend resize', () => this.draw());
  }

  /** Whether some bounds are among what was asked for, with more in them than the server would name. */
  holds(bounds) {
    if (!this.places.length || (this.from && !this.from.contains(bounds))) return false;
    let seen = 0;
    return this.places.some(([north, east]) => bounds.contains([north, east]) && ++seen > FEW);
  }

  show(places) {
    this.places = places;
    this.draw();
  }

  draw() {
    const { map, canvas } = this;
    const size = map.getSize();
    const scale = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
    [canvas.width, canvas.height] = this.places.length ? [size.x * scale, size.y * scale] : [0, 0];
    canvas.dataset.dots = String(this.places.length);
    if (!this.places.length) return;
    canvas.style.width = `${size.x}px`;
    canvas.style.height = `${size.y}px`;
    const pen = canvas.getContext('2d');
    pen.scale(scale, scale);
    pen.lineWidth = 1.8;
    for (const state of STATES) this.drawState(pen, state, size);
  }

  /** All dots of a state in one stroke: so that twenty thousand take some milliseconds. */
  drawState(pen, state, size) {
    const paint = getComputedStyle(document.querySelector(`.sc-shades .sc-shade.is-${state}`) ?? this.canvas).color;
    pen.beginPath();
    for (const [north, east, its] of this.places) {
      if (its !== state) continue;
      const { x, y } = this.map.latLngToContainerPoint([north, east]);
      if (x < -SIZE || y < -SIZE || x > size.x + SIZE || y > size.y + SIZE) continue;
      PATHS[state](pen, x, y);
    }
    pen.strokeStyle = paint;
    pen.fillStyle = paint;
    if (HOLLOW.has(state)) pen.stroke();
    else pen.fill();
  }
}
