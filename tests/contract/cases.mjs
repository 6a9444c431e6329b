// Cases for our own judge (tests/support/json_schema.hpp), judged by ajv: node cases.mjs OPENAPI.json ASYNCAPI.json > CASES
// Every example of both documents, and each of them spoilt in many small ways; one JSON object a line.
import { readFile } from 'node:fs/promises';
import Ajv2020 from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

const [openapiPath, asyncapiPath] = process.argv.slice(2);
const oddities = [null, true, 0, -1, -0.5, 7, 7.5, 1e9, '', 'x', 'a b', 'ÄÖÜ'.repeat(30), [], [1], {}, { odd: 1 }];

function* spoilt(value) {
  if (Array.isArray(value)) {
    yield [...value, ...value];
    for (let i = 0; i < value.length; ++i) {
      yield value.toSpliced ? value.toSpliced(i, 1) : [...value.slice(0, i), ...value.slice(i + 1)];
      for (const other of variants(value[i])) yield value.map((v, k) => (k === i ? other : v));
    }
  } else if (value !== null && typeof value === 'object') {
    yield { ...value, surplus: 1 };
    for (const name of Object.keys(value)) {
      const { [name]: gone, ...rest } = value;
      yield rest;
      for (const other of variants(gone)) yield { ...value, [name]: other };
    }
  }
}

function* variants(value) {
  yield* oddities;
  yield* spoilt(value);
}

function* examplesOf(media) {
  if (media.example !== undefined) yield media.example;
  for (const one of Object.values(media.examples ?? {})) yield one.value;
}

function* sources(openapi, asyncapi) {
  const escaped = (part) => part.replaceAll('~', '~0').replaceAll('/', '~1');
  for (const [path, item] of Object.entries(openapi.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (method === 'parameters') continue;
      const at = `/paths/${escaped(path)}/${method}`;
      for (const [type, media] of Object.entries(operation.requestBody?.content ?? {}))
        yield ['openapi', `${at}/requestBody/content/${escaped(type)}/schema`, media];
      for (const [status, response] of Object.entries(operation.responses))
        for (const [type, media] of Object.entries(response.content ?? {}))
          if (type.endsWith('json')) yield ['openapi', `${at}/responses/${status}/content/${escaped(type)}/schema`, media];
    }
  }
  for (const [name, response] of Object.entries(openapi.components.responses))
    for (const [type, media] of Object.entries(response.content ?? {}))
      yield ['openapi', `/components/responses/${name}/content/${escaped(type)}/schema`, media];
  for (const [name, message] of Object.entries(asyncapi.components.messages))
    yield ['asyncapi', `/components/messages/${name}/payload`, { examples: message.examples.map((e) => ({ value: e.payload })) }];
}

const documents = {
  openapi: JSON.parse(await readFile(openapiPath, 'utf8')),
  asyncapi: JSON.parse(await readFile(asyncapiPath, 'utf8')),
};
const ajv = new Ajv2020({ strict: false });
formats(ajv);
for (const [name, document] of Object.entries(documents)) ajv.addSchema({ ...document, $id: name }, name, false, false);

for (const [document, schema, media] of sources(documents.openapi, documents.asyncapi)) {
  const valid = ajv.compile({ $ref: `${document}#${encodeURI(schema)}` });
  for (const example of examplesOf(media)) {
    for (const value of [example, ...variants(example)])
      process.stdout.write(`${JSON.stringify({ document, schema, value, valid: valid(value) })}\n`);
  }
}
