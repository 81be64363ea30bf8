// Owns: the version of the gateway, as the OpenAPI document and the CHANGELOG name it.

export const VERSION = '0.1.0'
