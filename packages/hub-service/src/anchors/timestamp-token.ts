import { createHash, X509Certificate } from 'node:crypto';
import {
  Certificate,
  ContentInfo,
  ExtKeyUsage,
  id_ContentType_SignedData,
  id_eContentType_TSTInfo,
  id_ExtKeyUsage,
  IssuerAndSerialNumber,
  SignedData,
  TSTInfo
} from 'pkijs';
import { reasonOf } from '../failure.js';

/** The purpose of a certificate that may sign timestamps (RFC 3161 §2.3). */
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const SHA256 = '2.16.840.1.101.3.4.2.1';
/** A token is at most so long, in bytes: chains of certificates are in it. */
export const TOKEN_BYTES = 32 * 1024;

/** What a token that holds says. */
export interface ITimestamp {
  /** When the authority saw it, epoch ms. */
  readonly atMs: number;
  /** Of the certificate that signed: its subject's common name, or all of it. */
  readonly signer: string;
}

/** A pinned certificate: that of the authority, or of who issued it. */
export interface IPinnedCertificate {
  readonly der: Buffer;
  /** SHA-256 of it, hexadecimal. */
  readonly fingerprint: string;
}

/** The token is none, or does not hold. The message is one sentence. */
export class TimestampError extends Error {
  override readonly name = 'TimestampError';
}

/** All certificates of a PEM text. @throws TimestampError when there is none. */
export function readCertificates(pem: string): readonly IPinnedCertificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) {
    throw new TimestampError('There is no certificate (PEM) in it.');
  }
  return blocks.map(block => {
    let der: Buffer;
    try {
      der = new X509Certificate(block).raw;
    } catch (cause) {
      throw new TimestampError('A certificate in it cannot be read.', { cause });
    }
    return { der, fingerprint: createHash('sha256').update(der).digest('hex') };
  });
}

/**
 * Verifies an RFC 3161 token over bytes: signature, imprint (SHA-256), purpose of the certificate and its dates at the time
 * that the token tells, and that it is a pinned one or was issued below one.
 *
 * @param token - DER of the TimeStampToken.
 * @throws TimestampError.
 */
export async function verifyToken(
  token: Uint8Array,
  stamped: Uint8Array,
  pinned: readonly IPinnedCertificate[]
): Promise<ITimestamp> {
  try {
    return await verify(token, stamped, pinned);
  } catch (error) {
    if (error instanceof TimestampError) {
      throw error;
    }
    throw new TimestampError(`It is no timestamp that can be read: ${reasonOf(error)}.`, { cause: error });
  }
}

async function verify(
  token: Uint8Array,
  stamped: Uint8Array,
  pinned: readonly IPinnedCertificate[]
): Promise<ITimestamp> {
  const content = ContentInfo.fromBER(exact(token));
  if (content.contentType !== id_ContentType_SignedData) {
    throw new TimestampError('It holds no signed data.');
  }
  const signed = new SignedData({ schema: content.content });
  const octets = signed.encapContentInfo.eContent?.getValue();
  if (signed.encapContentInfo.eContentType !== id_eContentType_TSTInfo || !octets) {
    throw new TimestampError('It is no timestamp.');
  }
  const info = TSTInfo.fromBER(octets);
  const imprint = Buffer.from(info.messageImprint.hashedMessage.getValue());
  const isSha256 = info.messageImprint.hashAlgorithm.algorithmId === SHA256;
  if (!isSha256 || !imprint.equals(createHash('sha256').update(stamped).digest())) {
    throw new TimestampError('It is for something else.');
  }
  const signer = signerOf(signed, pinned);
  const { certificate, isPinned } = signer;
  if (!mayStamp(certificate)) {
    throw new TimestampError('The certificate that signed it is not for timestamps.');
  }
  const { genTime } = info;
  if (genTime < certificate.notBefore.value || genTime > certificate.notAfter.value) {
    throw new TimestampError('The certificate that signed it was not valid at that time.');
  }
  // A pinned certificate is trusted as it is; another one needs a chain that ends at a pinned one.
  const holds = await signed
    .verify({
      ...{ signer: 0, data: exact(stamped), extendedMode: true, checkDate: genTime },
      checkChain: !isPinned,
      trustedCerts: pinned.map(({ der }) => Certificate.fromBER(exact(der)))
    })
    .then(
      ({ signatureVerified }) => signatureVerified === true,
      (error: unknown) => {
        throw new TimestampError(
          `Its signature does not hold, or is by none that is pinned: ${reasonOf(error)}`,
          { cause: error }
        );
      }
    );
  if (!holds) {
    throw new TimestampError('Its signature does not hold.');
  }
  return { atMs: genTime.getTime(), signer: nameOf(certificate) };
}

/** The certificate that the only signer names. @throws TimestampError. */
function signerOf(
  signed: SignedData,
  pinned: readonly IPinnedCertificate[]
): { readonly certificate: Certificate; readonly isPinned: boolean } {
  const [signer, ...others] = signed.signerInfos;
  if (!signer || others.length > 0 || !(signer.sid instanceof IssuerAndSerialNumber)) {
    throw new TimestampError('It has not exactly one signature.');
  }
  const { sid } = signer;
  const brought = (signed.certificates ?? []).filter(one => one instanceof Certificate);
  const known = pinned.map(({ der }) => Certificate.fromBER(exact(der)));
  const certificate = [...brought, ...known].find(
    one => one.issuer.isEqual(sid.issuer) && one.serialNumber.isEqual(sid.serialNumber)
  );
  if (!certificate) {
    throw new TimestampError('The certificate that signed it is not there.');
  }
  // Where the authority leaves its certificate out, the pinned one is it.
  signed.certificates = [...brought, ...known];
  const der = Buffer.from(certificate.toSchema().toBER());
  return { certificate, isPinned: pinned.some(one => one.der.equals(der)) };
}

function mayStamp(certificate: Certificate): boolean {
  const usage = certificate.extensions?.find(({ extnID }) => extnID === id_ExtKeyUsage)?.parsedValue;
  return usage instanceof ExtKeyUsage && usage.keyPurposes.includes(TIME_STAMPING);
}

function nameOf(certificate: Certificate): string {
  const common = certificate.subject.typesAndValues.find(({ type }) => type === '2.5.4.3');
  const value: unknown = common?.value.valueBlock.value;
  return typeof value === 'string' ? value.slice(0, 128) : 'a certificate without a name';
}

/** An ArrayBuffer of these bytes alone, as the library wants it. */
export function exact(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
