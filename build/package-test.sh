#!/usr/bin/env bash
# Packs Lorta, Lorta.Cpu and Lorta.ML into a folder, and lets new console projects outside the repository, with nothing but
# package references, build without warnings: one annotates a class, trains, saves and loads; one trains an ML.NET
# pipeline, and scores with it in another process.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
version=0.1.0-test.$(date +%s)
packages=$(dotnet nuget locals global-packages --list | sed 's/^[^:]*: *//')
trap 'rm -rf "$work" "$packages"/{lorta,lorta.cpu,lorta.ml}/"$version"' EXIT

for project in runtime/Lorta runtime/Lorta.Cpu mlnet/Lorta.ML; do
  dotnet pack "$repository/$project" -c Release -o "$work/packages" -p:Version="$version" --nologo -v quiet
done

cat > "$work/nuget.config" <<XML
<configuration>
  <packageSources>
    <add key="packed" value="$work/packages" />
  </packageSources>
</configuration>
XML

# A console project of one source file of this folder, and of packages.
project() {
  local name=$1
  shift
  mkdir "$work/$name"
  cp "$repository/build/$name.cs" "$work/$name/Program.cs"
  cat > "$work/$name/$name.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <Nullable>enable</Nullable>
    <ImplicitUsings>enable</ImplicitUsings>
    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
    <AnalysisLevel>latest-all</AnalysisLevel>
    <!-- A module disposes of the modules that are registered in it. -->
    <NoWarn>\$(NoWarn);CA2213</NoWarn>
    <GenerateDocumentationFile>true</GenerateDocumentationFile>
    <NuGetAudit>false</NuGetAudit>
  </PropertyGroup>
  <ItemGroup>
$(printf '    <PackageReference Include="%s" Version="'"$version"'" />\n' "$@")
  </ItemGroup>
</Project>
XML
  cd "$work/$name"
}

project PackageConsumer Lorta Lorta.Cpu
dotnet build -c Release -p:IsAotCompatible=true --nologo -v quiet
dotnet bin/Release/net10.0/PackageConsumer.dll

# Without a backend the build warns, and names what is missing.
sed -i '/Lorta.Cpu/d' PackageConsumer.csproj
dotnet build -c Release -p:IsAotCompatible=true --nologo -v quiet > "$work/log" || true
if ! grep -q LORTA101 "$work/log"; then
  cat "$work/log" >&2
  echo "A project without a backend builds in silence." >&2
  exit 1
fi

project PipelineConsumer Lorta.ML Lorta.Cpu
dotnet build -c Release --nologo -v quiet
dotnet bin/Release/net10.0/PipelineConsumer.dll train "$repository/samples/Glue/Default" "$work/model.zip" > "$work/trained"
dotnet bin/Release/net10.0/PipelineConsumer.dll score "$work/model.zip" > "$work/loaded"
diff "$work/trained" "$work/loaded"
[[ $(wc -l < "$work/trained") -eq 4 ]]

echo "The packages work."
