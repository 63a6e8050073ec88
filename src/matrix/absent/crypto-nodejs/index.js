/*
 * Stands in for @matrix-org/matrix-sdk-crypto-nodejs, which downloads a binary without a checksum when
 * it is installed. Our encryption is in src/matrix/crypto; the SDK only imports the name.
 */
module.exports = {};
