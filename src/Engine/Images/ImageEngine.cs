// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Engine.SpecBuilder;
using Gantry.Images;
using Gantry.Oci.Image;
using Gantry.Storage.Gc;

namespace Gantry.Engine.Images;

/// <summary>Images, as the front ends see them.</summary>
public sealed class ImageEngine
{
    private readonly ImageService _images;

    internal ImageEngine(ImageService images) => _images = images;

    /// <summary>Pulls an image unless it is complete already; one pull per digest however many ask.</summary>
    /// <param name="credentials"><see langword="null"/>: those of the node's configuration.</param>
    /// <param name="progress">Reports per layer; may be <see langword="null"/>.</param>
    /// <returns>The image's id.</returns>
    /// <exception cref="EngineException">The kind says whose fault: request, registry, credentials, disk.</exception>
    public async Task<string> PullAsync(
        ImageSpec image,
        PullCredentials? credentials,
        IProgress<LayerProgress>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (!ImageReference.TryParse(image.Image, out ImageReference? reference, out string? error))
        {
            throw Refuse.Value("image.image", image.Image, error ?? "an image reference");
        }

        var request = new PullRequest
        {
            Reference = reference,
            Credentials = credentials is null ? null : Wire(credentials),
            UserSpecified = image.UserSpecifiedImage.Length > 0 ? image.UserSpecifiedImage : image.Image,
        };
        try
        {
            ImageRecord pulled = await _images.PullAsync(request, Reporter(progress), cancellationToken);
            return pulled.Id.ToString();
        }
        catch (ImageException e)
        {
            throw EngineFailure.From($"pull of '{Refuse.Quotable(image.Image)}'", e);
        }
        catch (IOException e)
        {
            throw EngineFailure.From($"pull of '{Refuse.Quotable(image.Image)}'", e);
        }
    }

    /// <param name="image">Reference or id; <see langword="null"/> or empty: all of them.</param>
    public IReadOnlyList<ImageInfo> List(string? image)
    {
        if (!string.IsNullOrEmpty(image))
        {
            return Status(image) is ImageInfo one ? [one] : [];
        }

        return [.. _images.List().Select(Info)];
    }

    /// <returns><see langword="null"/> when the image is absent.</returns>
    public ImageInfo? Status(string image)
    {
        try
        {
            return _images.Find(image) is ImageRecord found ? Info(found) : null;
        }
        catch (ImageException e)
        {
            throw EngineFailure.From("image.image", e);
        }
    }

    /// <summary>Removes the image with all its tags. Absent: success.</summary>
    public async Task RemoveAsync(string image, CancellationToken cancellationToken)
    {
        try
        {
            await _images.RemoveAsync(image, cancellationToken);
        }
        catch (Exception e) when (e is ImageException or IOException)
        {
            throw EngineFailure.From($"removal of image '{Refuse.Quotable(image)}'", e);
        }
    }

    public ImageStoreUsage Usage()
    {
        Gantry.Images.ImageStoreUsage usage = _images.FsInfo();
        return new ImageStoreUsage(usage.Path, (ulong)usage.UsedBytes, (ulong)usage.UsedInodes, usage.MeasuredAt);
    }

    /// <summary>Removes content and snapshots that nothing refers to.</summary>
    /// <returns>Bytes set free.</returns>
    public async Task<long> CollectGarbageAsync(CancellationToken cancellationToken)
    {
        CollectionResult result = await _images.CollectAsync(cancellationToken);
        return result.Errors.Count == 0
            ? result.FreedBytes
            : throw new EngineException(
                EngineError.Internal,
                $"garbage collection freed {result.FreedBytes} bytes, and could not remove: {string.Join("; ", result.Errors.Take(10))}");
    }

    private static ImageInfo Info(ImageRecord image)
    {
        (long? uid, string name) = UserOf(image.Config.Run.User);
        return new ImageInfo
        {
            Id = image.Id.ToString(),
            Tags = image.RepoTags,
            Digests = image.RepoDigests,
            Size = (ulong)image.Size,
            Uid = uid,
            Username = name,
            Pinned = image.Pinned,
        };
    }

    /// <remarks>CRI reports the user alone, as a number or as a name. Digits that are no uid are neither (CVE-2024-40635).</remarks>
    private static (long? Uid, string Name) UserOf(string? user)
    {
        string name = (user ?? "").Split(':')[0];
        if (name.Length > 0 && name.All(char.IsAsciiDigit))
        {
            return uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint uid) ? (uid, "") : (null, "");
        }

        return (name.Length == 0 ? 0 : null, name);
    }

    private static RegistryCredentials Wire(PullCredentials credentials) => new()
    {
        Username = credentials.Username,
        Password = credentials.Password,
        Auth = credentials.Auth,
        ServerAddress = credentials.ServerAddress,
        IdentityToken = credentials.IdentityToken,
        RegistryToken = credentials.RegistryToken,
    };

    private static LayerReporter? Reporter(IProgress<LayerProgress>? progress) =>
        progress is null ? null : new LayerReporter(progress);

    private sealed class LayerReporter(IProgress<LayerProgress> target) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => target.Report(new LayerProgress(
            value.Layer.ToString(),
            value.Offset,
            value.Total,
            value.Phase switch
            {
                PullPhase.Resolving => "resolving",
                PullPhase.Waiting => "waiting",
                PullPhase.Downloading => "downloading",
                PullPhase.Unpacking => "unpacking",
                PullPhase.Exists => "exists",
                _ => "done",
            }));
    }
}
