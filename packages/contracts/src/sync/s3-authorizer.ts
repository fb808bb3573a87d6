import { createHmac } from 'node:crypto'
import { sha256Hex } from '../canonical/digest.js'
import { formatTime, type Clock } from '../time/time.js'
import type { StoreRequest } from './http-store.js'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  /** Such as `eu-central-1`; S3-compatible stores often take any. */
  readonly region: string
  readonly clock: Clock
  /** Default `s3`. */
  readonly service?: string | undefined
}

/**
 * Signs requests for S3-compatible stores: AWS Signature Version 4, in headers.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function s3Authorizer(credentials: S3Credentials): (request: StoreRequest) => Readonly<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken, region, clock, service = 's3' } = credentials
  return ({ method, url, headers, body }) => {
    const timestamp = `${formatTime(clock.now()).slice(0, 19).replace(/[-:]/g, '')}Z`
    const date = timestamp.slice(0, 8)
    const payloadHash = sha256Hex(body ?? '')
    const own = {
      'x-amz-date': timestamp,
      'x-amz-content-sha256': payloadHash,
      ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    }
    const signed: Record<string, string> = { ...headers, ...own, host: url.host }
    const names = Object.keys(signed).sort()
    const canonicalHeaders = names.map((name) => `${name}:${signed[name].trim()}\n`).join('')
    const query = [...url.searchParams]
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&')
    const path = url.pathname
      .split('/')
      .map((part) => encode(decodeURIComponent(part)))
      .join('/')
    const request = [method, path, query, canonicalHeaders, names.join(';'), payloadHash].join('\n')
    const scope = `${date}/${region}/${service}/aws4_request`
    const toSign = ['AWS4-HMAC-SHA256', timestamp, scope, sha256Hex(request)].join('\n')
    const key = [region, service, 'aws4_request'].reduce((secret: Buffer, part) => hmac(secret, part), hmac(`AWS4${secretAccessKey}`, date))
    const signature = hmac(key, toSign).toString('hex')
    // host is set by fetch itself.
    return {
      ...own,
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
    }
  }
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** RFC 3986: AWS wants what encodeURIComponent leaves alone encoded as well. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
