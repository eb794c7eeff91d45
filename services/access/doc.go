// Package access decides who may call Atlant, what they may do, how often, and over what connections: API keys, tokens of an
// OpenID Connect issuer, client certificates, TLS, rates and quotas. What a caller needs for a method the contract says; which
// sources it may know of the services look up themselves, see rpc.Caller.
package access
