; The per-user setup of Windows, without an administrator. `tests/release windows` calls makensis with
;   VERSION   the version, three numbers
;   STAGE     the folder with everything that is installed
;   OUT       the setup to write
; and writes STAGE/../install.nsh and STAGE/../delete.nsh, which name each file of it: nothing is removed by RMDir /r, since
; whatever else lies in these folders is somebody's. State is in %LOCALAPPDATA%\portal-agent, and stays.
Unicode true
!include FileFunc.nsh
!include Sections.nsh
!define APPLICATION "Software\Classes\AppUserModelId\PortalAgent.CompanyPortal"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\portal-agent"
!define APP_PATH "Software\Microsoft\Windows\CurrentVersion\App Paths\portal-agent.exe"
!define SHORTCUT "$SMPROGRAMS\Company Portal (emulator).lnk"
Name "Company Portal (emulator)"
OutFile "${OUT}"
Icon "${STAGE}\company-portal.ico"
UninstallIcon "${STAGE}\company-portal.ico"
RequestExecutionLevel user
InstallDir "$LOCALAPPDATA\Programs\portal-agent"
InstallDirRegKey HKCU "${UNINSTALL}" "InstallLocation"
SetCompressor /SOLID lzma
ManifestDPIAware true
VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName "portal-agent"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "Company Portal device agent emulator"
VIAddVersionKey LegalCopyright "the portal-agent maintainers, MIT"
Page components
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

; Ends the daemon of the default state directory, and waits until its file can be replaced: Windows keeps that of a running one.
!macro end_daemon
  IfFileExists "$INSTDIR\portal-agent.exe" 0 ended
  nsExec::Exec '"$INSTDIR\portal-agent.exe" stop'
  Pop $0
  StrCpy $1 0
  again:
    ClearErrors
    Delete "$INSTDIR\portal-agent.exe"
    IfErrors 0 ended
    IntOp $1 $1 + 1
    Sleep 100
    IntCmp $1 100 0 again
    MessageBox MB_OK|MB_ICONSTOP "portal-agent.exe is in use. End every portal-agent that runs, then try again." /SD IDOK
    SetErrorLevel 2
    Abort
  ended:
!macroend

Section "portal-agent" SecProgram
  SectionIn RO
  !insertmacro end_daemon
  !include "${STAGE}\..\install.nsh"
  SetOutPath "$INSTDIR"
  WriteRegStr HKCU "${APPLICATION}" "DisplayName" "Company Portal"
  WriteRegStr HKCU "${APPLICATION}" "IconUri" "$INSTDIR\company-portal.png"
  WriteRegStr HKCU "${APP_PATH}" "" "$INSTDIR\portal-agent.exe"
  ; A terminal in which the program is found by its name. PATH itself is left alone: NSIS cuts a long one.
  CreateShortcut "${SHORTCUT}" "$SYSDIR\cmd.exe" '/k "set PATH=$INSTDIR;%PATH%& portal-agent status"' "$INSTDIR\company-portal.ico"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Company Portal (emulator)"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "the portal-agent maintainers"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\company-portal.ico"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
SectionEnd

Section "Start with the desktop session" SecService
  nsExec::Exec '"$INSTDIR\portal-agent.exe" service install'
  Pop $0
  StrCmp $0 0 done
    MessageBox MB_OK|MB_ICONEXCLAMATION "It does not start by itself: portal-agent service install says why." /SD IDOK
  done:
SectionEnd

; setup.exe /S /NOSERVICE installs silently, and nothing that starts by itself.
Function .onInit
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/NOSERVICE" $1
  IfErrors keep
    !insertmacro UnselectSection ${SecService}
  keep:
FunctionEnd

Section Uninstall
  nsExec::Exec '"$INSTDIR\portal-agent.exe" service uninstall'
  Pop $0
  !insertmacro end_daemon
  !include "${STAGE}\..\delete.nsh"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "${SHORTCUT}"
  DeleteRegKey HKCU "${APPLICATION}"
  DeleteRegKey HKCU "${APP_PATH}"
  DeleteRegKey HKCU "${UNINSTALL}"
SectionEnd
