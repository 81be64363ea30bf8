// Owns: turning an EncodingAESKey as the console shows it into the key of the cipher.

const ENCODING_AES_KEY = /^[A-Za-z0-9+/]{43}$/

/**
 * The 32-byte AES key of an EncodingAESKey (消息加解密Key), or undefined when it is not 43 characters of the base64
 * alphabet. The last character may carry non-zero spare bits, as in keys that are in use.
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/Technical_Plan.html
 */
export function decodeEncodingAesKey(key: string): Buffer | undefined {
  return ENCODING_AES_KEY.test(key) ? Buffer.from(`${key}=`, 'base64') : undefined
}
