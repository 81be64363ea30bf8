// Owns: what other packages may use of the catalogue.
export { catalogue } from './catalogue.ts'
export { apiOf, apisAt, errcode, permissionSet } from './look-up.ts'
export {
  type Api,
  ApiSchema,
  type Catalogue,
  CatalogueSchema,
  type Errcode,
  type ErrcodeKind,
  ErrcodeSchema,
  type PermissionSet,
  PermissionSetSchema,
} from './schemas.ts'
