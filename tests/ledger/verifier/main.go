// Command verifier checks what a folder holds of a log, by golang.org/x/mod/sumdb alone: the signed checkpoint, the
// root over all leaves, proofs of inclusion and consistency, and the tiles as they are served.
//
// It says what it has checked and ends with 0, or what does not hold and ends with 1.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type given struct {
	Key         string
	Leaves      [][]byte
	Inclusion   [][][]byte
	Roots       [][]byte
	Consistency [][][]byte
}

func main() {
	folder := os.Args[1]
	var in given
	raw, err := os.ReadFile(filepath.Join(folder, "given.json"))
	check("given.json", err)
	check("given.json", json.Unmarshal(raw, &in))
	tree := opened(folder, in.Key)
	leaves := stored(in.Leaves)
	root, err := tlog.TreeHash(tree.N, leaves)
	check("root", err)
	if root != tree.Hash {
		check("root", fmt.Errorf("the leaves have another than was signed"))
	}
	for index, proof := range in.Inclusion {
		leaf := tlog.RecordHash(in.Leaves[index])
		check(fmt.Sprintf("inclusion of %d", index), tlog.CheckRecord(hashes(proof), tree.N, root, int64(index), leaf))
	}
	for old, proof := range in.Consistency[1:] { // tlog has no empty trees
		old++
		err := tlog.CheckTree(hashes(proof), tree.N, root, int64(old), hash(in.Roots[old]))
		check(fmt.Sprintf("consistency from %d", old), err)
	}
	tiles := tlog.TileHashReader(tree, reader{folder})
	for index, leaf := range in.Leaves {
		found, err := tiles.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(index))})
		check("tiles", err)
		if found[0] != tlog.RecordHash(leaf) {
			check("tiles", fmt.Errorf("another leaf at %d", index))
		}
	}
	fmt.Printf("%d leaves, %d proofs of inclusion, %d of consistency, %d by tiles\n",
		len(in.Leaves), len(in.Inclusion), len(in.Consistency)-1, len(in.Leaves))
}

func opened(folder, key string) tlog.Tree {
	verifier, err := note.NewVerifier(key)
	check("key", err)
	raw, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	check("checkpoint", err)
	found, err := note.Open(raw, note.VerifierList(verifier))
	check("checkpoint", err)
	lines := strings.Split(found.Text, "\n")
	var tree tlog.Tree
	_, err = fmt.Sscan(lines[1], &tree.N)
	check("checkpoint", err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	check("checkpoint", err)
	tree.Hash = hash(root)
	return tree
}

func stored(leaves [][]byte) tlog.HashReader {
	kept := []tlog.Hash{}
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := []tlog.Hash{}
		for _, index := range indexes {
			found = append(found, kept[index])
		}
		return found, nil
	})
	for index, leaf := range leaves {
		made, err := tlog.StoredHashes(int64(index), leaf, read)
		check("leaves", err)
		kept = append(kept, made...)
	}
	return read
}

// reader gives tiles of 256 hashes, by the paths of https://c2sp.org/tlog-tiles.
type reader struct{ folder string }

func (reader) Height() int { return 8 }

func (reader) SaveTiles([]tlog.Tile, [][]byte) {}

func (from reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	found := [][]byte{}
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		content, err := os.ReadFile(filepath.Join(from.folder, path))
		if err != nil {
			return nil, err
		}
		found = append(found, content)
	}
	return found, nil
}

func hashes(raw [][]byte) []tlog.Hash {
	made := []tlog.Hash{}
	for _, each := range raw {
		made = append(made, hash(each))
	}
	return made
}

func hash(raw []byte) (made tlog.Hash) {
	if copy(made[:], raw) != len(made) {
		check("hash", fmt.Errorf("%d bytes", len(raw)))
	}
	return made
}

func check(what string, err error) {
	if err != nil {
		fmt.Printf("%s: %v\n", what, err)
		os.Exit(1)
	}
}
