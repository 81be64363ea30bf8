// Owns: the addresses within the subscriptions' pages. `_new` is no name that a subscription can have.
export const NEW = '_new'
export const EDIT = 'edit'
