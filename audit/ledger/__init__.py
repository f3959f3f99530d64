"""The tamper-evident log over all records: what a leaf is, the tree over the leaves, and what is signed.

| file            | what it keeps to                                                             |
|-----------------|------------------------------------------------------------------------------|
| `leaf.py`       | salted commitments to a record's parts, and the leaf made of them            |
| `merkle.py`     | RFC 6962 and RFC 9162: roots, proofs of inclusion and consistency            |
| `tiles.py`      | https://c2sp.org/tlog-tiles: how a tree is stored                            |
| `note.py`       | https://c2sp.org/signed-note and https://c2sp.org/tlog-cosignature (Ed25519) |
| `proof.py`      | https://c2sp.org/tlog-proof: one entry's proof, to be checked offline        |
| `anchors.py`    | where checkpoints are kept beside the database                               |
| `witness.py`    | https://c2sp.org/tlog-witness: another's machine that signs them too         |
"""
