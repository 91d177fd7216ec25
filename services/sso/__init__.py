"""Sign-on by the school's own provider (统一身份认证): OpenID Connect and CAS."""
