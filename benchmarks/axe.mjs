// Check pages with axe-core, on a phone and a desk, light and dark: node benchmarks/axe.mjs [--pictures FOLDER] PAGE…
// Exit code 1 where a finding is serious or critical, or where a page is wider than its window or asks the network.
// `make axe PAGES="report.html"` installs what it needs; CHROMIUM names another browser than /usr/bin/chromium.

import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const needed = createRequire(path.join(process.env.AXE_MODULES ?? "build/axe", "package.json"));
const puppeteer = (await import(pathToFileURL(needed.resolve("puppeteer-core")))).default;
const axe = needed.resolve("axe-core/axe.min.js");

const given = process.argv.slice(2);
const pictures = given[0] === "--pictures" ? given.splice(0, 2)[1] : null;
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});

async function findings(file, width, scheme) {
  const page = await browser.newPage();
  const asked = [];
  page.on("request", (request) => {
    if (!request.url().startsWith("file:") && !request.url().startsWith("data:")) asked.push(request.url());
  });
  await page.setBypassCSP(true);
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(pathToFileURL(path.resolve(file)).href);
  if (pictures) {
    const name = `${path.parse(file).name}-${width}-${scheme}.png`;
    await page.screenshot({ path: path.join(pictures, name), fullPage: true });
  }
  // What is folded is read too.
  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => axe.run());
  await page.close();
  const told = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(" | ")}`);
  if (wide > 0) told.push(`${wide} pixels wider than the window`);
  return [...told, ...asked.map((url) => `asks the network: ${url}`)];
}

let bad = 0;
for (const file of given) {
  for (const width of [390, 1280]) {
    for (const scheme of ["light", "dark"]) {
      const told = await findings(file, width, scheme);
      bad += told.length;
      console.log(`${file}, ${width} pixels, ${scheme}: ${told.length ? told.join("\n  ") : "no serious finding"}`);
    }
  }
}
await browser.close();
process.exit(bad || !given.length ? 1 : 0);
