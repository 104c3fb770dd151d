// What is wrong with the pictures of this page, as the browser has laid them out: one line each.
const wrong = [];
const holds = (a, b) =>
  a.left <= b.left + 0.5 && a.top <= b.top + 0.5 && a.right >= b.right - 0.5 && a.bottom >= b.bottom - 0.5;
const meets = (a, b) =>
  a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5;
const light = (colour) => {
  const parts = colour.match(/[\d.]+/g).slice(0, 3).map((n) => {
    const c = n / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
let texts = 0;
for (const picture of document.querySelectorAll("svg")) {
  const name = picture.querySelector("title").textContent;
  const whole = picture.getBoundingClientRect();
  const boxes = [...picture.querySelectorAll("rect.box, rect.block")];
  const places = boxes.map((box) => box.getBoundingClientRect());
  places.forEach((a, i) => {
    if (!holds(whole, a)) wrong.push(`${name}: box ${i} is outside of the picture`);
    places.slice(i + 1).forEach((b, j) => {
      if (meets(a, b) && !holds(a, b) && !holds(b, a)) wrong.push(`${name}: boxes ${i} and ${i + 1 + j} overlap`);
    });
  });
  const lines = [];
  for (const text of picture.querySelectorAll("text")) {
    texts += 1;
    const place = text.getBoundingClientRect();
    const around = places
      .map((box, i) => [box, i])
      .filter(([box]) => meets(box, place))
      .sort(([a], [b]) => a.width * a.height - b.width * b.height)[0];
    const said = `${name}: "${text.textContent}"`;
    if (!around || !holds(around[0], place)) wrong.push(`${said} is cut by its box`);
    if (!holds(whole, place)) wrong.push(`${said} is outside of the picture`);
    // Letters have no ink at the very top and bottom of their line.
    const ink = { left: place.left, right: place.right, top: place.top + 2, bottom: place.bottom - 2 };
    if (lines.some((line) => meets(line, ink))) wrong.push(`${said} stands on another text`);
    lines.push(ink);
    if (around) {
      const [a, b] = [getComputedStyle(text).fill, getComputedStyle(boxes[around[1]]).fill].map(light);
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 4.5) wrong.push(`${said} has a contrast of ${contrast.toFixed(1)}`);
    }
  }
}
if (document.documentElement.scrollWidth > window.innerWidth) wrong.push("the page is wider than the window");
const said = document.createElement("pre");
said.id = "measured";
said.textContent = JSON.stringify({ texts, wrong, ground: getComputedStyle(document.body).backgroundColor });
document.body.append(said);
