// Graphs of the JavaScript client: node earthengine_graphs.js FOLDER URL, with {"names": {name: program}, "programs": [...]} on standard input;
// prints {"version", "graphs": [...]}, null with a word on standard error where a program fails.
const [folder, url] = process.argv.slice(2);
const ee = require(folder + '/node_modules/@google/earthengine');
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
ee.initialize(url, url, () => {
  const head = 'const True = true, False = false, None = null, call = (name, ...rest) => ee.ApiFunction._call(name, ...rest);';
  const names = Object.entries(asked.names).map(([name, text]) => `const ${name} = ${text};`).join('\n');
  const graphs = asked.programs.map((text) => {
    try {
      return JSON.parse(JSON.stringify(ee.Serializer.encodeCloudApi(new Function('ee', `${head}\n${names}\nreturn ${text};`)(ee))));
    } catch (why) {
      console.error(`${text}: ${why}`);
      return null;
    }
  });
  console.log(JSON.stringify({version: require(folder + '/node_modules/@google/earthengine/package.json').version, graphs}));
}, (why) => { console.error('initialize: ' + why); process.exit(1); }, null, 'my-project');
