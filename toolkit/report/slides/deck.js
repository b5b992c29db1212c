const slides = [...document.querySelectorAll(".slide")];
const here = () => {
  const middle = innerHeight / 2;
  return slides.findIndex((slide) => slide.getBoundingClientRect().bottom > middle);
};
const show = (number) => {
  const slide = slides[Math.max(0, Math.min(slides.length - 1, number))];
  slide.scrollIntoView();
  history.replaceState(null, "", "#" + slide.id);
};
const moves = {
  ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1,
  Home: -slides.length, End: slides.length,
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "n") document.body.classList.toggle("with-notes");
  if (!(event.key in moves)) return;
  event.preventDefault();
  show(here() + moves[event.key]);
});
