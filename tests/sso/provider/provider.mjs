// The certified OpenID provider as the tests need it: its accounts, its one client, and a way to make the next ID
// token a bad one. Started as `node provider.mjs '<JSON>'` with {port, client, accounts}; says "ready" when it answers.
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, decodeJwt, decodeProtectedHeader } from 'jose'
import Provider from 'oidc-provider'

const { port, client, accounts } = JSON.parse(process.argv[2])
const issuer = `http://127.0.0.1:${port}`
const own = await generateKeyPair('RS256', { extractable: true })
const stranger = await generateKeyPair('RS256')
const kid = crypto.randomUUID()
let spoil = null

const provider = new Provider(issuer, {
  clients: [{ token_endpoint_auth_method: 'client_secret_basic', ...client }],
  jwks: { keys: [{ ...(await exportJWK(own.privateKey)), kid, alg: 'RS256', use: 'sig' }] },
  cookies: { keys: ['only for tests'] },
  pkce: { required: () => true },
  claims: { openid: ['sub'], profile: ['name'], school: ['staff_no', 'student_no', 'methods'] },
  // As many providers do: the claims are in the ID token itself.
  conformIdTokenClaims: false,
  features: { devInteractions: { enabled: true } },
  async findAccount(_ctx, id) {
    const claims = accounts[id]
    return claims && { accountId: id, claims: async () => ({ sub: id, ...claims }) }
  },
})

// What nobody should accept: the true ID token, changed as the test has asked, once.
async function spoiled(token) {
  const { claims = {}, header = {}, by } = spoil
  spoil = null
  const changed = Object.fromEntries(
    Object.entries({ ...decodeJwt(token), ...claims }).filter(([, value]) => value !== null),
  )
  if (by === 'none') return new UnsecuredJWT(changed).encode()
  const sign = new SignJWT(changed)
  if (by === 'secret') {
    return sign.setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(client.client_secret))
  }
  const { privateKey } = by === 'stranger' ? stranger : own
  return sign.setProtectedHeader({ ...decodeProtectedHeader(token), ...header }).sign(privateKey)
}

provider.use(async (ctx, next) => {
  if (ctx.path === '/test/spoil') {
    const parts = []
    for await (const part of ctx.req) parts.push(part)
    spoil = JSON.parse(Buffer.concat(parts).toString())
    ctx.body = {}
    return
  }
  await next()
  if (spoil && ctx.path === '/token' && ctx.body?.id_token) {
    ctx.body = { ...ctx.body, id_token: await spoiled(ctx.body.id_token) }
  }
})

provider.listen(port, '127.0.0.1', () => console.log('ready'))
