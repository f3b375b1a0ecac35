// SPDX-License-Identifier: Apache-2.0
using Gantry.Images.Pulling;
using Gantry.Oci.Image;
using Gantry.Storage.Records;

namespace Gantry.Images;

/// <summary>The images of this node and their names. A tag belongs to one image: a pull may move it.</summary>
internal sealed class ImageCatalog
{
    private const int MinPrefixLength = 4;
    private readonly RecordStore<ImageRecord> _records;
    private readonly Lock _gate = new();
    private volatile ImageIndex _index;

    private ImageCatalog(RecordStore<ImageRecord> records)
    {
        _records = records;
        _index = new ImageIndex(records.Values);
    }

    internal IReadOnlyCollection<ImageRecord> All => _index.ById.Values;

    internal IReadOnlyList<QuarantinedRecord> Quarantined => _records.Quarantined;

    /// <param name="root">The daemon's root directory.</param>
    /// <param name="isComplete">False: layers of the image are gone; its record is dropped, so that it is pulled again.</param>
    internal static ImageCatalog Open(string root, Func<ImageRecord, bool> isComplete)
    {
        RecordStore<ImageRecord> records = RecordStore.Open(
            Path.Combine(root, "images"), ImagesJson.Default.ImageRecord, 1, RecordDurability.PowerLoss);
        foreach (ImageRecord broken in records.Values.Where(r => !isComplete(r)).ToArray())
        {
            records.Remove(ImagesJson.KeyOf(broken.Id));
        }

        return new ImageCatalog(records);
    }

    /// <summary>Finds by id, tag, digest or id prefix, in this order.</summary>
    /// <exception cref="ImageException"><see cref="ImageError.InvalidReference"/>.</exception>
    internal ImageRecord? Find(string text)
    {
        ImageIndex index = _index;
        if (Digest.TryParse(text, out Digest digest) || Digest.TryParse("sha256:" + text, out digest))
        {
            return index.ById.GetValueOrDefault(digest) ?? index.FindByContent(digest);
        }

        if (ImageReference.TryParse(text, out ImageReference? reference, out string? error))
        {
            string name = reference.Digest.IsEmpty ? reference.ToString() : $"{reference.Name}@{reference.Digest}";
            if (index.ByName.TryGetValue(name, out ImageRecord? record))
            {
                return record;
            }
        }

        ImageRecord? byPrefix = FindByPrefix(index, text);
        return byPrefix is null && error is not null ? throw new ImageException(ImageError.InvalidReference, error) : byPrefix;
    }

    /// <summary>Adds a pulled image, or another name of one that is here.</summary>
    /// <param name="top">Digest of what the registry named.</param>
    internal ImageRecord Add(ImageRecord pulled, ImageReference reference, Digest top)
    {
        string? tag = reference.Digest.IsEmpty ? reference.ToString() : null;
        string byDigest = $"{reference.Name}@{top}";
        lock (_gate)
        {
            ImageRecord? present = _index.ById.GetValueOrDefault(pulled.Id);
            ImageRecord record = pulled with
            {
                RepoTags = With(present?.RepoTags, tag),
                RepoDigests = With(present?.RepoDigests, byDigest),
                Documents = [.. (present?.Documents ?? []).Union(pulled.Documents)],
                Pinned = present?.Pinned ?? false,
            };
            _records.Put(ImagesJson.KeyOf(record.Id), record);
            foreach (ImageRecord other in Others(record.Id, tag))
            {
                _records.Put(ImagesJson.KeyOf(other.Id), other with { RepoTags = [.. other.RepoTags.Where(t => t != tag)] });
            }

            _index = new ImageIndex(_records.Values);
            return record;
        }
    }

    internal ImageRecord? Update(string text, Func<ImageRecord, ImageRecord> change)
    {
        lock (_gate)
        {
            if (Find(text) is not ImageRecord found)
            {
                return null;
            }

            ImageRecord changed = change(found);
            _records.Put(ImagesJson.KeyOf(changed.Id), changed);
            _index = new ImageIndex(_records.Values);
            return changed;
        }
    }

    internal ImageRecord? Remove(string text)
    {
        lock (_gate)
        {
            ImageRecord? found = Find(text);
            if (found is not null)
            {
                _records.Remove(ImagesJson.KeyOf(found.Id));
                _index = new ImageIndex(_records.Values);
            }

            return found;
        }
    }

    /// <summary>All content digests and chain ids that images need.</summary>
    internal IEnumerable<Digest> Roots() =>
        _index.ById.Values.SelectMany(static r => r.Documents.Append(r.Id).Concat(r.Layers.SelectMany(static l => (Digest[])[l.Digest, l.ChainId])));

    private static ImageRecord? FindByPrefix(ImageIndex index, string text)
    {
        string prefix = text.StartsWith("sha256:", StringComparison.Ordinal) ? text[7..] : text;
        if (prefix.Length < MinPrefixLength || !prefix.All(char.IsAsciiHexDigitLower))
        {
            return null;
        }

        ImageRecord[] found = [.. index.ById.Values.Where(r => r.Id.Hex.StartsWith(prefix, StringComparison.Ordinal)).Take(2)];
        return found.Length < 2
            ? found.FirstOrDefault()
            : throw new ImageException(ImageError.InvalidReference, $"image id prefix \"{prefix}\": fits several images");
    }

    private static IReadOnlyList<string> With(IReadOnlyList<string>? names, string? name) =>
        name is null || (names?.Contains(name) ?? false) ? names ?? [] : [.. names ?? [], name];

    private ImageRecord[] Others(Digest id, string? tag) =>
        tag is null ? [] : _index.ById.Values.Where(r => r.Id != id && r.RepoTags.Contains(tag)).ToArray();
}

/// <summary>One consistent view of all images.</summary>
internal sealed class ImageIndex
{
    internal ImageIndex(IEnumerable<ImageRecord> records)
    {
        // After a crash between two writes a tag may stand in two records: the later pull has it.
        foreach (ImageRecord record in records.OrderBy(static r => r.PulledAt))
        {
            ById[record.Id] = record;
            foreach (string name in record.RepoTags.Concat(record.RepoDigests))
            {
                ByName[name] = record;
            }
        }
    }

    internal Dictionary<Digest, ImageRecord> ById { get; } = [];

    internal Dictionary<string, ImageRecord> ByName { get; } = new(StringComparer.Ordinal);

    /// <summary>The image that was pulled as this manifest or index.</summary>
    internal ImageRecord? FindByContent(Digest digest) => ById.Values.FirstOrDefault(r => r.Documents.Contains(digest));
}
