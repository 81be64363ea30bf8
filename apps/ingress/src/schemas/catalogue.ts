// Owns: the schema of the catalogue's route.
import { CatalogueSchema } from '@wxgw/catalogue'
import { Type } from 'typebox'
import { errors } from './errors.ts'

export const catalogueSchemas = {
  read: {
    tags: ['Catalogue'],
    operationId: 'getCatalogue',
    summary: "WeChat's permission sets, events, APIs and errcodes, each with WeChat's page",
    description: 'For any key, whatever its rights. Changes with the gateway only: ask again with `If-None-Match`.',
    headers: Type.Object({ 'if-none-match': Type.Optional(Type.String()) }),
    response: {
      200: CatalogueSchema,
      304: Type.Unsafe<undefined>(Type.Null({ description: 'as it was' })),
      ...errors(401),
    },
  },
}
