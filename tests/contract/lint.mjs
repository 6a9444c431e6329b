// Lints the two documents as the server publishes them: node lint.mjs OPENAPI.json ASYNCAPI.json
// Redocly's rules for OpenAPI (redocly.yaml), the AsyncAPI parser's for AsyncAPI, whose examples are checked with ajv as well.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Parser } from '@asyncapi/parser';
import { formatProblems, lint, loadConfig } from '@redocly/openapi-core';
import Ajv from 'ajv';
import formats from 'ajv-formats';

const here = dirname(fileURLToPath(import.meta.url));
const [openapi, asyncapi] = process.argv.slice(2);
let faults = 0;

async function lintOpenapi() {
  const config = await loadConfig({ configPath: join(here, 'redocly.yaml') });
  const problems = await lint({ ref: openapi, config });
  if (problems.length === 0) return;
  formatProblems(problems, { format: 'stylish', totals: { errors: problems.length, warnings: 0, ignored: 0 }, version: '' });
  faults += problems.length;
}

async function lintAsyncapi() {
  const text = await readFile(asyncapi, 'utf8');
  const { document, diagnostics } = await new Parser().parse(text);
  // That 3.1.0 is out is no fault of a document in 3.0.0, the version that is promised.
  const told = diagnostics.filter((d) => d.code !== 'asyncapi-latest-version');
  for (const d of told) console.error(`asyncapi: ${d.code} ${d.path.join('/')}: ${d.message}`);
  faults += told.length;
  if (!document) return;
  checkExamples(JSON.parse(text));
}

function checkExamples(document) {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false });
  formats(ajv);
  ajv.addVocabulary(['components']);
  ajv.addSchema({ $id: 'document', components: { schemas: document.components.schemas } }, 'document', false, false);
  for (const [name, message] of Object.entries(document.components.messages)) {
    const valid = ajv.getSchema(`document${message.payload.$ref}`);
    for (const { payload } of message.examples) {
      if (valid(payload)) continue;
      faults += 1;
      console.error(`asyncapi: the example of ${name} is not valid: ${ajv.errorsText(valid.errors)}`);
    }
  }
}

await lintOpenapi();
await lintAsyncapi();
if (faults > 0) {
  console.error(`${faults} faults`);
  process.exit(1);
}
console.log('openapi.json and asyncapi.json: no faults');
