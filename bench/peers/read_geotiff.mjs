// geotiff.js: LIST AT_ONCE PACKAGES. Blocks of 32 KiB; decoding on the main thread, which was faster here than its pool of
// workers.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [list, atOnce, packages] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const { fromUrl } = await import(pathToFileURL(require.resolve('geotiff')).href);
const { version } = JSON.parse(readFileSync(`${packages}/node_modules/geotiff/package.json`));

const tasks = readFileSync(list, 'utf8').trim().split('\n').map((line) => {
  const [href, ...numbers] = line.split(' ');
  return { href, window: numbers.map(Number) };
});

const started = performance.now();
let sum = 0n;
let next = 0;

async function worker() {
  while (next < tasks.length) {
    const { href, window } = tasks[next++];
    const image = await (await fromUrl(href, { blockSize: 32768 })).getImage();
    if (window.length === 0) {
      sum += BigInt(image.getWidth() * image.getHeight());
      continue;
    }
    const [col, row, width, height] = window;
    const [pixels] = await image.readRasters({ window: [col, row, col + width, row + height] });
    let part = 0; // below 2^53 for a window of 8000 x 8000 uint16
    for (let i = 0; i < pixels.length; i++) part += pixels[i];
    sum += BigInt(part);
  }
}
await Promise.all(Array.from({ length: Number(atOnce) }, worker));
const seconds = (performance.now() - started) / 1000;
console.log(`{"seconds": ${seconds.toFixed(4)}, "sum": ${sum}, "version": "geotiff.js ${version}, Node ${process.version}"}`);
process.exit(0);
