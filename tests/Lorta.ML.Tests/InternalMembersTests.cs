using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Lorta.ML.Tests;

/// <summary>What Lorta.ML uses of ML.NET that is not public. An update of ML.NET that moves one of these fails here.</summary>
public sealed class InternalMembersTests
{
    private const string Expected = """
        Microsoft.ML.Data.AnnotationUtils
        Microsoft.ML.Data.AnnotationUtils.GetMaxAnnotationKind
        Microsoft.ML.Data.AnnotationUtils.GetTrainerOutputAnnotation
        Microsoft.ML.Data.AnnotationUtils.get_ScoreColumnSetIdType
        Microsoft.ML.Data.CatalogUtils
        Microsoft.ML.Data.CatalogUtils.GetEnvironment
        Microsoft.ML.Data.IInternalCatalog
        Microsoft.ML.Data.IO.BinarySaver
        Microsoft.ML.Data.IO.BinarySaver+Arguments
        Microsoft.ML.Data.IO.BinarySaver+Arguments..ctor
        Microsoft.ML.Data.IO.BinarySaver..ctor
        Microsoft.ML.Data.IO.BinarySaver.TryLoadTypeAndValue
        Microsoft.ML.Data.IO.BinarySaver.TryWriteTypeAndValue
        Microsoft.ML.Data.RowCursorUtils
        Microsoft.ML.Data.RowCursorUtils.GetGetterAs
        Microsoft.ML.Data.RowCursorUtils.GetLabelGetter
        Microsoft.ML.LoadableClassAttribute
        Microsoft.ML.LoadableClassAttribute..ctor
        Microsoft.ML.ModelLoadContext
        Microsoft.ML.ModelLoadContext.CheckAtModel
        Microsoft.ML.ModelLoadContext.Reader
        Microsoft.ML.ModelLoadContext.TryLoadBinaryStream
        Microsoft.ML.ModelSaveContext.CheckAtModel
        Microsoft.ML.ModelSaveContext.SaveBinaryStream
        Microsoft.ML.ModelSaveContext.SetVersionInfo
        Microsoft.ML.ModelSaveContext.Writer
        Microsoft.ML.Runtime.Contracts
        Microsoft.ML.Runtime.Contracts.Except
        Microsoft.ML.Runtime.Contracts.ExceptDecode
        Microsoft.ML.Runtime.Contracts.ExceptIO
        Microsoft.ML.Runtime.Contracts.ExceptSchemaMismatch
        Microsoft.ML.Runtime.Contracts.ExceptUserArg
        Microsoft.ML.Runtime.HostExtensions
        Microsoft.ML.Runtime.HostExtensions.Info
        Microsoft.ML.Runtime.HostExtensions.Warning
        Microsoft.ML.Runtime.ICancelable
        Microsoft.ML.Runtime.ICancelable.get_IsCanceled
        Microsoft.ML.Runtime.IHostEnvironmentInternal
        Microsoft.ML.Runtime.IHostEnvironmentInternal.get_GpuDeviceId
        Microsoft.ML.Runtime.IHostEnvironmentInternal.get_Seed
        Microsoft.ML.SchemaShape+Column..ctor
        Microsoft.ML.SchemaShape+Column.GetTypeString
        Microsoft.ML.SchemaShape.Create
        Microsoft.ML.SchemaShape.TryFindColumn
        Microsoft.ML.SignatureLoadModel
        Microsoft.ML.VersionInfo
        Microsoft.ML.VersionInfo..ctor
        """;

    // What stands for the type parameters of the code that a reference is in.
    private static readonly Type[] AnyTypes = [.. Enumerable.Repeat(typeof(float), 4)];

    [Fact]
    public void AreTheOnesNamedHere()
    {
        Module module = typeof(LortaTransformer).Module;
        using var file = new PEReader(File.OpenRead(module.FullyQualifiedName));
        MetadataReader metadata = file.GetMetadataReader();
        IEnumerable<EntityHandle> references =
            Enumerable.Range(1, metadata.GetTableRowCount(TableIndex.TypeRef)).Select(row => (EntityHandle)MetadataTokens.TypeReferenceHandle(row))
            .Concat(metadata.MemberReferences.Select(handle => (EntityHandle)handle));
        IEnumerable<string> used = references
            .Select(handle => module.ResolveMember(MetadataTokens.GetToken(handle), AnyTypes, AnyTypes)!)
            .Where(member => member.Module.Name.StartsWith("Microsoft.ML.", StringComparison.Ordinal) && !IsPublic(member))
            .Select(member => member is Type type ? Name(type) : $"{Name(member.DeclaringType!)}.{member.Name}")
            .Distinct()
            .Order(StringComparer.Ordinal);
        Assert.Equal(Expected, string.Join('\n', used));
    }

    private static string Name(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!;

    private static bool IsPublic(MemberInfo member) => member switch
    {
        Type type => type.IsVisible,
        MethodBase method => method.DeclaringType!.IsVisible && (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly),
        FieldInfo field => field.DeclaringType!.IsVisible && (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly),
        _ => throw new NotSupportedException(member.MemberType.ToString()),
    };
}
