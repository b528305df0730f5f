using System.IO;
using System.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using Mono.Cecil;

/// <summary>Writes a copy of an assembly in which every type, method and field is public.</summary>
public sealed class PublicizeAssembly : Task
{
    [Required]
    public string Assembly { get; set; }

    /// <summary>What the assembly refers to: the types of its constants are looked up there.</summary>
    [Required]
    public string[] References { get; set; }

    [Required]
    public string Copy { get; set; }

    public override bool Execute()
    {
        using (var resolver = new DefaultAssemblyResolver())
        using (AssemblyDefinition assembly = AssemblyDefinition.ReadAssembly(Assembly, new ReaderParameters { AssemblyResolver = resolver }))
        {
            foreach (string folder in References.Select(Path.GetDirectoryName).Distinct())
            {
                resolver.AddSearchDirectory(folder);
            }

            foreach (TypeDefinition type in assembly.MainModule.GetTypes())
            {
                Publicize(type);
            }

            Directory.CreateDirectory(Path.GetDirectoryName(Copy));
            assembly.Write(Copy + ".tmp");
            File.Delete(Copy);
            File.Move(Copy + ".tmp", Copy);
        }

        return true;
    }

    private static void Publicize(TypeDefinition type)
    {
        if (type.IsNested)
        {
            type.IsNestedPublic = true;
        }
        else
        {
            type.IsPublic = true;
        }

        // Explicit implementations stay private: public ones would be found beside the interface's own member.
        foreach (MethodDefinition method in type.Methods.Where(method => method.Overrides.Count == 0))
        {
            method.IsPublic = true;
        }

        // The field behind an event has the event's name: it stays private.
        foreach (FieldDefinition field in type.Fields.Where(field => type.Events.All(e => e.Name != field.Name)))
        {
            field.IsPublic = true;
        }
    }
}
