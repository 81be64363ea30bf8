// Owns: the path segments of the subscriptions' pages. No subscription can be named `_new`.
export const NEW = '_new'
export const EDIT = 'edit'
