// Owns: the schemas of the operations with a form. Written by `npm run docs`; not to be edited.

export const bounds = {
  "putSubscription": {
    "path": {
      "platform": {
        "type": "string"
      },
      "name": {
        "type": "string",
        "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"
      }
    },
    "body": {
      "type": "object",
      "required": [
        "sink"
      ],
      "properties": {
        "name": {
          "type": "string",
          "maxLength": 63
        },
        "match": {
          "type": "object",
          "properties": {
            "authorizers": {
              "type": "array",
              "items": {
                "type": "string",
                "pattern": "^wx[0-9A-Za-z]{16}$"
              },
              "maxItems": 10000
            },
            "types": {
              "type": "array",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 128,
                "pattern": "^[A-Za-z0-9_.-]*\\*?$"
              },
              "maxItems": 1000
            },
            "data": {
              "type": "object",
              "additionalProperties": {
                "anyOf": [
                  {
                    "type": "array",
                    "items": {
                      "type": "string",
                      "maxLength": 256
                    },
                    "maxItems": 200
                  },
                  {
                    "type": "object",
                    "required": [
                      "prefix"
                    ],
                    "properties": {
                      "prefix": {
                        "type": "string",
                        "maxLength": 256
                      }
                    },
                    "additionalProperties": false
                  },
                  {
                    "type": "object",
                    "required": [
                      "exists"
                    ],
                    "properties": {
                      "exists": {
                        "type": "boolean"
                      }
                    },
                    "additionalProperties": false
                  },
                  {
                    "type": "object",
                    "required": [
                      "not"
                    ],
                    "properties": {
                      "not": {
                        "type": "array",
                        "items": {
                          "type": "string",
                          "maxLength": 256
                        },
                        "maxItems": 200
                      }
                    },
                    "additionalProperties": false
                  }
                ],
                "description": "a list of exact texts, {\"prefix\"}, {\"exists\": true|false} or {\"not\": [texts]}"
              },
              "maxProperties": 10,
              "propertyNames": {
                "type": "string",
                "pattern": "^[^.\\u0000-\\u0020]{1,64}(\\.[^.\\u0000-\\u0020]{1,64}){0,7}$"
              },
              "description": "conditions by field of `data`; a dot separates levels; all of them must hold"
            }
          },
          "additionalProperties": false
        },
        "sink": {
          "anyOf": [
            {
              "type": "object",
              "required": [
                "kind"
              ],
              "properties": {
                "kind": {
                  "type": "string",
                  "enum": [
                    "queue"
                  ]
                },
                "queue": {
                  "type": "string",
                  "maxLength": 256
                },
                "prefix": {
                  "type": "string",
                  "maxLength": 256
                }
              },
              "additionalProperties": false
            },
            {
              "type": "object",
              "required": [
                "kind"
              ],
              "properties": {
                "kind": {
                  "type": "string",
                  "enum": [
                    "stream"
                  ]
                },
                "stream": {
                  "type": "string",
                  "maxLength": 256
                },
                "maxLength": {
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 100000000
                }
              },
              "additionalProperties": false
            },
            {
              "type": "object",
              "required": [
                "kind",
                "url"
              ],
              "properties": {
                "kind": {
                  "type": "string",
                  "enum": [
                    "webhook"
                  ]
                },
                "url": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 2048
                },
                "timeoutMs": {
                  "type": "integer",
                  "minimum": 100,
                  "maximum": 30000
                },
                "secret": {
                  "type": "string",
                  "pattern": "^whsec_[A-Za-z0-9+/]+={0,2}$",
                  "maxLength": 200
                }
              },
              "additionalProperties": false
            }
          ]
        },
        "retry": {
          "type": "object",
          "properties": {
            "scheduleSeconds": {
              "type": "array",
              "items": {
                "type": "integer",
                "minimum": 0,
                "maximum": 604800
              },
              "maxItems": 50
            }
          },
          "additionalProperties": false
        },
        "reply": {
          "type": "boolean"
        },
        "fallback": {
          "anyOf": [
            {
              "type": "string",
              "enum": [
                "customer-service"
              ]
            },
            {
              "type": "null"
            }
          ]
        },
        "ordering": {
          "anyOf": [
            {
              "type": "string",
              "enum": [
                "none"
              ]
            },
            {
              "type": "string",
              "enum": [
                "subject"
              ]
            },
            {
              "type": "string",
              "enum": [
                "authorizer"
              ]
            }
          ]
        },
        "orderingTimeoutSeconds": {
          "type": "integer",
          "minimum": 1,
          "maximum": 604800
        },
        "throttle": {
          "anyOf": [
            {
              "type": "object",
              "required": [
                "perSecond"
              ],
              "properties": {
                "perSecond": {
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 10000
                }
              },
              "additionalProperties": false
            },
            {
              "type": "null"
            }
          ]
        },
        "maxBacklog": {
          "type": "integer",
          "minimum": 1,
          "maximum": 100000000
        },
        "disableAfterSeconds": {
          "type": "integer",
          "minimum": 0,
          "maximum": 315360000
        },
        "enabled": {
          "type": "boolean"
        },
        "paused": {
          "type": "boolean"
        },
        "declared": {
          "type": "boolean",
          "description": "as GET answers it; ignored"
        },
        "createdAt": {
          "type": "string",
          "maxLength": 64
        },
        "updatedAt": {
          "type": "string",
          "maxLength": 64
        }
      },
      "additionalProperties": false
    }
  },
  "beginReplay": {
    "path": {
      "platform": {
        "type": "string"
      },
      "name": {
        "type": "string",
        "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"
      }
    },
    "body": {
      "type": "object",
      "required": [
        "from",
        "to"
      ],
      "properties": {
        "from": {
          "type": "string",
          "pattern": "^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+ -]\\d{2}:\\d{2}))?$",
          "description": "ISO 8601, of receipt"
        },
        "to": {
          "type": "string",
          "pattern": "^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+ -]\\d{2}:\\d{2}))?$",
          "description": "ISO 8601, of receipt"
        },
        "types": {
          "type": "array",
          "items": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_.-]{0,128}\\*?$"
          },
          "maxItems": 100,
          "description": "`*` at the end is a wildcard"
        },
        "authorizers": {
          "type": "array",
          "items": {
            "type": "string",
            "pattern": "^wx[0-9A-Za-z]{16}$"
          },
          "maxItems": 1000
        },
        "subject": {
          "type": "string",
          "pattern": "^[!-~]{1,128}$",
          "description": "openid of the user"
        },
        "onlyUndelivered": {
          "type": "boolean",
          "description": "default true: what was never given, is not over, or is dead; `false`: what was delivered, too"
        },
        "ratePerSecond": {
          "type": "integer",
          "minimum": 1,
          "maximum": 1000,
          "description": "deliveries a second at most; default 50"
        }
      },
      "additionalProperties": false
    }
  }
} as const
