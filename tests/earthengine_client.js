// What the JavaScript client sees: node earthengine_client.js FOLDER URL INDEX WEST SOUTH EAST NORTH
const [folder, url, index, ...box] = process.argv.slice(2);
const ee = require(folder + '/node_modules/@google/earthengine');
ee.initialize(url, url, () => {
  const image = ee.Image('COPERNICUS/S2_SR/' + index);
  const area = ee.Geometry.Rectangle(box.map(Number));
  const picture = image.visualize({bands: ['B8', 'B4', 'B3'], min: 0, max: 5000});
  console.log(JSON.stringify({
    version: require(folder + '/node_modules/@google/earthengine/package.json').version,
    constant: ee.List([1, 'a']).getInfo(),
    bands: image.bandNames().getInfo(),
    size: ee.ImageCollection('COPERNICUS/S2_SR').filterBounds(area).size().getInfo(),
    thumb: picture.getThumbURL({dimensions: 64, region: area, format: 'png'}),
    download: picture.getDownloadURL({scale: 10, region: area, format: 'GEO_TIFF'}),
  }));
}, (why) => { console.error('initialize: ' + why); process.exit(1); }, null, 'my-project');
