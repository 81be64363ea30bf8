// Owns: the public names of this package.
export { catalogue } from './catalogue.ts'
export { catalogueDocs, withRepeatedElements } from './docs.ts'
export { apiOf, apisAt, errcode, eventOf, permissionSet } from './look-up.ts'
export { type RepeatedElement, repeatedElements } from './repeated-elements.ts'
export {
  type Api,
  ApiSchema,
  type Catalogue,
  type CataloguedEvent,
  CatalogueSchema,
  type Errcode,
  type ErrcodeKind,
  ErrcodeSchema,
  type EventField,
  type PermissionSet,
  PermissionSetSchema,
} from './schemas.ts'
