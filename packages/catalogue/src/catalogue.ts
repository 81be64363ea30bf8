// Owns: reading the files of ../data at import, checked against their schemas. A file that does not fit stops the
// process.
import { readFileSync } from 'node:fs'
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { ApiSchema, type Catalogue, ErrcodeSchema, EventSchema, PermissionSetSchema } from './schemas.ts'

function rowsOf<Row extends TSchema>(name: string, schema: Row): Array<Static<Row>> {
  const rows: unknown = JSON.parse(readFileSync(new URL(`../data/${name}.json`, import.meta.url), 'utf8'))
  if (!Array.isArray(rows)) throw new TypeError(`${name}.json is no array`)
  const validator = Compile(schema)
  return rows.map((row: unknown, index) => {
    if (!validator.Check(row)) {
      const [problem] = validator.Errors(row)
      throw new TypeError(
        `${name}.json, row ${index}: ${problem?.instancePath ?? ''} ${problem?.message ?? 'does not fit'}`,
      )
    }
    return row
  })
}

export const catalogue: Catalogue = {
  permissionSets: rowsOf('permission-sets', PermissionSetSchema),
  events: rowsOf('events', EventSchema),
  apis: rowsOf('apis', ApiSchema),
  errcodes: rowsOf('errcodes', ErrcodeSchema),
}
